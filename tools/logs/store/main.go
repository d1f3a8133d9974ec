// Command store stands in for OpenSearch on rehearsed machines, where its image cannot be had. It is not OpenSearch: it takes
// what is sent to the bulk API, with the certificate that OpenSearch would be given, keeps documents in memory, and counts
// them. Who sends must name a user; passwords, which OpenSearch has from a job that cannot run here, are not judged.
//
//	POST /_bulk                   `create` actions, as NDJSON, packed by gzip or not
//	GET  /<index>/_count          how many documents there are
//	GET  /_seen?pod=P             of a pod's lines that begin with a number: how many, how many distinct, the highest
package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

const certificates = "/usr/share/opensearch/config/certificates/"

type document struct {
	Log        string `json:"log"`
	Kubernetes struct {
		Pod string `json:"pod_name"`
	} `json:"kubernetes"`
}

type numbers struct {
	lines   int
	highest int
	seen    map[int]bool
}

type store struct {
	sync.Mutex
	documents map[string]map[string]bool
	pods      map[string]*numbers
}

func main() {
	kept := &store{documents: map[string]map[string]bool{}, pods: map[string]*numbers{}}
	http.HandleFunc("POST /_bulk", kept.bulk)
	http.HandleFunc("GET /{index}/_count", kept.count)
	http.HandleFunc("GET /_seen", kept.numbers)
	go transport()
	log.Print("stands in for OpenSearch: takes bulk requests at :9200")
	log.Fatal(http.ListenAndServeTLS(":9200", certificates+"tls.crt", certificates+"tls.key", nil))
}

// transport listens where members of OpenSearch would talk to each other, which probes look at.
func transport() {
	listener, err := net.Listen("tcp", ":9300")
	if err != nil {
		log.Fatal(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		connection.Close()
	}
}

func (s *store) bulk(w http.ResponseWriter, r *http.Request) {
	if user, _, ok := r.BasicAuth(); !ok || user == "" {
		http.Error(w, "no user", http.StatusUnauthorized)
		return
	}
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unpacked
	}
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var action struct {
			Create struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			} `json:"create"`
		}
		var found document
		if err := json.Unmarshal(lines.Bytes(), &action); err != nil || action.Create.ID == "" || !lines.Scan() {
			http.Error(w, "an action is no `create`, or has no document", http.StatusBadRequest)
			return
		}
		if err := json.Unmarshal(lines.Bytes(), &found); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.keep(action.Create.Index, action.Create.ID, found)
	}
	if err := lines.Err(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintln(w, `{"errors":false}`)
}

func (s *store) keep(index, id string, found document) {
	s.Lock()
	defer s.Unlock()
	if s.documents[index] == nil {
		s.documents[index] = map[string]bool{}
	}
	if s.documents[index][id] {
		return
	}
	s.documents[index][id] = true
	first, _, _ := strings.Cut(found.Log, " ")
	number, err := strconv.Atoi(first)
	if err != nil {
		return
	}
	pod := s.pods[found.Kubernetes.Pod]
	if pod == nil {
		pod = &numbers{seen: map[int]bool{}}
		s.pods[found.Kubernetes.Pod] = pod
	}
	pod.lines++
	pod.seen[number] = true
	pod.highest = max(pod.highest, number)
}

func (s *store) count(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	total := 0
	for index, found := range s.documents {
		if matched := r.PathValue("index"); index == matched || strings.HasPrefix(index, strings.TrimSuffix(matched, "*")) {
			total += len(found)
		}
	}
	fmt.Fprintf(w, "{\"count\":%d}\n", total)
}

func (s *store) numbers(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	pod := s.pods[r.URL.Query().Get("pod")]
	if pod == nil {
		pod = &numbers{}
	}
	fmt.Fprintf(w, "{\"lines\":%d,\"distinct\":%d,\"highest\":%d}\n", pod.lines, len(pod.seen), pod.highest)
}
