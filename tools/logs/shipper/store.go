package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

type source struct {
	Namespace string `json:"namespace_name"`
	Pod       string `json:"pod_name"`
	Container string `json:"container_name"`
	Host      string `json:"host"`
}

type record struct {
	Time       string `json:"@timestamp"`
	Stream     string `json:"stream"`
	Log        string `json:"log"`
	Kubernetes source `json:"kubernetes"`
}

type store struct {
	url, user, password, prefix string
	client                      *http.Client
}

func newStore(output map[string]string) (*store, error) {
	authority, err := os.ReadFile(output["tls.ca_file"])
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("%s has no certificate", output["tls.ca_file"])
	}
	return &store{
		url:      fmt.Sprintf("https://%s:%s/_bulk", output["host"], output["port"]),
		user:     output["http_user"],
		password: output["http_passwd"],
		prefix:   output["logstash_prefix"],
		client: &http.Client{
			Timeout:   20 * time.Second,
			Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}},
		},
	}, nil
}

// put sends records, each by an ID made of what it is, so that one that is sent twice is kept once.
func (s *store) put(records []record) error {
	if len(records) == 0 {
		return nil
	}
	var body bytes.Buffer
	packed := gzip.NewWriter(&body)
	for _, each := range records {
		document, err := json.Marshal(each)
		if err != nil {
			return err
		}
		digest := sha256.Sum256(document)
		index := s.prefix + "-" + strings.ReplaceAll(each.Time[:10], "-", ".")
		fmt.Fprintf(packed, "{\"create\":{\"_index\":%q,\"_id\":%q}}\n%s\n", index, hex.EncodeToString(digest[:16]), document)
	}
	if err := packed.Close(); err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, s.url, &body)
	if err != nil {
		return err
	}
	request.SetBasicAuth(s.user, s.password)
	request.Header.Set("Content-Type", "application/x-ndjson")
	request.Header.Set("Content-Encoding", "gzip")
	answer, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if said, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s %s", s.url, answer.Status, said)
	}
	return nil
}
