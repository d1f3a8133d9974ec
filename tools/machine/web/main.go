// Command web is the program that pods on rehearsed machines run: a web server that says who it is, with the few things
// that tests of a cluster ask of a pod.
//
//	/            the pod's name and address, and that of the client
//	/healthz     200, or 503 while /unready was the last of the two to be asked for
//	/log?lines=N writes N lines of 1 KiB to standard output
//	/eat?mib=N   begins to hold N MiB more of memory that is in use
//	/get?url=U   what another server answers, with the time it took; &times=N for so many connections one after another
//	/lookup?name=N  addresses of a name
//	/read?path=P    a file's content
//	/write?path=P&text=T  writes a file
//
// With -lines it also writes so many lines by itself, -rate of them a second.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const version = "1.0.0"

var (
	unready atomic.Bool
	eaten   [][]byte
	eating  sync.Mutex
)

func main() {
	listen := flag.String("listen", ":8080", "address to listen on")
	name := flag.String("name", hostname(), "what to say it is")
	lines := flag.Int("lines", 0, "lines of 1 KiB to write to standard output from the start")
	rate := flag.Int("rate", 1000, "lines a second")
	show := flag.Bool("version", false, "print the version and end")
	flag.Parse()
	if *show {
		fmt.Println(version)
		return
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s from %s\n", *name, local(r), r.RemoteAddr)
	})
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		if unready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	http.HandleFunc("/unready", func(http.ResponseWriter, *http.Request) { unready.Store(true) })
	http.HandleFunc("/ready", func(http.ResponseWriter, *http.Request) { unready.Store(false) })
	http.HandleFunc("/log", func(_ http.ResponseWriter, r *http.Request) { log(number(r, "lines")) })
	http.HandleFunc("/eat", func(_ http.ResponseWriter, r *http.Request) { go eat(number(r, "mib")) })
	http.HandleFunc("/get", get)
	http.HandleFunc("/lookup", lookup)
	http.HandleFunc("/read", read)
	http.HandleFunc("/write", write)
	fmt.Printf("%s listens on %s\n", *name, *listen)
	go talk(*lines, *rate)
	if err := http.ListenAndServe(*listen, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

func local(r *http.Request) string {
	if address, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return address.String()
	}
	return "unknown"
}

func number(r *http.Request, name string) int {
	value, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return 0
	}
	return value
}

var filler = strings.Repeat("x", 1010)

func log(lines int) {
	for i := range lines {
		fmt.Printf("%012d %s\n", i, filler)
	}
}

func talk(lines, rate int) {
	began := time.Now()
	for i := range lines {
		fmt.Printf("%012d %s\n", i, filler)
		if due := began.Add(time.Duration(i) * time.Second / time.Duration(rate)); i%100 == 0 {
			time.Sleep(time.Until(due))
		}
	}
}

func eat(mib int) {
	eating.Lock()
	defer eating.Unlock()
	for range mib {
		block := make([]byte, 1<<20)
		for at := 0; at < len(block); at += 4096 {
			block[at] = 1
		}
		eaten = append(eaten, block)
	}
}

func get(w http.ResponseWriter, r *http.Request) {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range max(1, number(r, "times")) {
		began := time.Now()
		answer, err := client.Get(r.URL.Query().Get("url"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		content, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK || err != nil {
			http.Error(w, string(content), http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, "%s: %s", time.Since(began).Round(time.Millisecond), content)
	}
}

func read(w http.ResponseWriter, r *http.Request) {
	content, err := os.ReadFile(r.URL.Query().Get("path"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	_, _ = w.Write(content)
}

func write(w http.ResponseWriter, r *http.Request) {
	file, err := os.Create(r.URL.Query().Get("path"))
	if err == nil {
		_, err = file.WriteString(r.URL.Query().Get("text"))
		if synced := file.Sync(); err == nil {
			err = synced
		}
		file.Close()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func lookup(w http.ResponseWriter, r *http.Request) {
	addresses, err := net.DefaultResolver.LookupHost(r.Context(), r.URL.Query().Get("name"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	fmt.Fprintln(w, strings.Join(addresses, " "))
}
