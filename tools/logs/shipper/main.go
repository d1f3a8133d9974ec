// Command shipper stands in for Fluent Bit on rehearsed machines, where its image cannot be had. It is not Fluent Bit: it
// reads the configuration that Fluent Bit would be given, and of it does only this: it follows the files of the tail input
// `containers` and sends their lines to the bulk API of the output `containers`.
//
// It follows files as Fluent Bit's documentation of `tail` says: new ones are looked for every `refresh_interval`; a file
// is known by its inode, read on under whatever name, and left alone once `rotate_wait` has passed since it was renamed;
// positions outlive it in `db`. Unlike Fluent Bit it buffers nothing: it reads on once the store has what it read.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const pause = 200 * time.Millisecond

func main() {
	file := flag.String("config", "", "Fluent Bit's configuration")
	flag.Parse()
	text, err := os.ReadFile(*file)
	if err != nil {
		log.Fatal(err)
	}
	blocks := parse(string(text))
	input, output := find(blocks, "tail"), find(blocks, "opensearch")
	agent := &follower{
		pattern:  input["path"],
		excluded: input["exclude_path"],
		refresh:  seconds(input["refresh_interval"]),
		wait:     seconds(input["rotate_wait"]),
		db:       input["db"],
		files:    map[uint64]*followed{},
	}
	store, err := newStore(output)
	if err != nil {
		log.Fatal(err)
	}
	agent.load()
	go serve(agent)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	log.Printf("follows %s for %s", agent.pattern, store.url)
	for {
		agent.look()
		read, err := agent.ship(store)
		if err != nil {
			log.Print(err)
			time.Sleep(time.Second)
		}
		select {
		case <-stop:
			return
		default:
			if read == 0 {
				time.Sleep(pause)
			}
		}
	}
}

// serve answers the probe, and says how many lines the store has taken.
func serve(agent *follower) {
	http.HandleFunc("/api/v1/uptime", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "{}") })
	http.HandleFunc("/api/v2/metrics/prometheus", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "fluentbit_output_proc_records_total{name=\"containers\"} %d\n", agent.sent.Load())
	})
	log.Fatal(http.ListenAndServe(":2020", nil))
}

// parse returns the settings of each plugin of the pipeline.
func parse(text string) []map[string]string {
	var blocks []map[string]string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "- name:") {
			blocks = append(blocks, map[string]string{})
		}
		key, value, found := strings.Cut(strings.TrimPrefix(line, "- "), ": ")
		if found && len(blocks) > 0 {
			blocks[len(blocks)-1][key] = os.ExpandEnv(strings.Trim(value, "'\""))
		}
	}
	return blocks
}

func find(blocks []map[string]string, name string) map[string]string {
	for _, each := range blocks {
		if each["name"] == name && each["alias"] == "containers" {
			return each
		}
	}
	log.Fatalf("the configuration has no %s with the alias containers", name)
	return nil
}

func seconds(text string) time.Duration {
	value, err := time.ParseDuration(text + "s")
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func matches(pattern, path string) bool {
	for each := range strings.SplitSeq(pattern, ",") {
		if ok, err := filepath.Match(each, path); ok && err == nil {
			return true
		}
	}
	return false
}
