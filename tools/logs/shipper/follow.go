package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const chunk = 1 << 20

// A followed file is read from `offset` on; `partial` is what came of a line that its container has not ended.
type followed struct {
	file    *os.File
	link    string
	offset  int64
	partial string
	renamed time.Time
}

type follower struct {
	pattern, excluded, db string
	refresh, wait         time.Duration
	looked                time.Time
	files                 map[uint64]*followed
	known                 map[uint64]int64
	sent                  atomic.Int64
}

// load reads the positions of an earlier life.
func (f *follower) load() {
	f.known = map[uint64]int64{}
	if text, err := os.ReadFile(f.db); err == nil {
		if err := json.Unmarshal(text, &f.known); err != nil {
			log.Fatalf("%s: %v", f.db, err)
		}
	}
}

// look opens files that are new, and closes those that were renamed long enough ago.
func (f *follower) look() {
	if time.Since(f.looked) >= f.refresh {
		f.looked = time.Now()
		links, err := filepath.Glob(f.pattern)
		if err != nil {
			log.Fatal(err)
		}
		for _, link := range links {
			if !matches(f.excluded, link) {
				f.open(link)
			}
		}
	}
	for inode, each := range f.files {
		if now, err := os.Stat(each.link); err != nil || number(now) != inode {
			if each.renamed.IsZero() {
				each.renamed = time.Now()
			} else if time.Since(each.renamed) > f.wait {
				each.file.Close()
				delete(f.files, inode)
				delete(f.known, inode)
			}
		}
	}
}

func (f *follower) open(link string) {
	file, err := os.Open(link)
	if err != nil {
		return // a link whose file is gone, or about to come
	}
	state, err := file.Stat()
	if err != nil || f.files[number(state)] != nil {
		file.Close()
		return
	}
	offset := f.known[number(state)]
	if offset > state.Size() {
		offset = 0
	}
	f.files[number(state)] = &followed{file: file, link: link, offset: offset}
}

// ship sends what files have more; what was sent is not read again.
func (f *follower) ship(to *store) (int, error) {
	total := 0
	for inode, each := range f.files {
		buffer := make([]byte, chunk)
		read, err := each.file.ReadAt(buffer, each.offset)
		if err != nil && err != io.EOF {
			return total, err
		}
		whole := buffer[:bytes.LastIndexByte(buffer[:read], '\n')+1]
		if len(whole) == 0 {
			continue
		}
		records, partial := records(string(whole), each.link, each.partial)
		if err := to.put(records); err != nil {
			return total, err
		}
		each.offset += int64(len(whole))
		each.partial = partial
		f.known[inode] = each.offset
		f.sent.Add(int64(len(records)))
		total += len(whole)
	}
	if total > 0 {
		return total, f.save()
	}
	return total, nil
}

func (f *follower) save() error {
	text, err := json.Marshal(f.known)
	if err != nil {
		return err
	}
	if err := os.WriteFile(f.db+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(f.db+".new", f.db)
}

// records takes lines of the CRI's format apart: time, stream, whether the line ends here, text.
func records(text, link, partial string) ([]record, string) {
	pod, rest, _ := strings.Cut(filepath.Base(link), "_")
	namespace, container, _ := strings.Cut(strings.TrimSuffix(rest, ".log"), "_")
	if at := strings.LastIndexByte(container, '-'); at > 0 {
		container = container[:at]
	}
	var found []record
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
		if len(parts) < 4 {
			continue
		}
		partial += parts[3]
		if parts[2] == "F" {
			found = append(found, record{
				Time: parts[0], Stream: parts[1], Log: partial,
				Kubernetes: source{Namespace: namespace, Pod: pod, Container: container, Host: os.Getenv("NODE_NAME")},
			})
			partial = ""
		}
	}
	return found, partial
}

func number(info os.FileInfo) uint64 { return info.Sys().(*syscall.Stat_t).Ino }
