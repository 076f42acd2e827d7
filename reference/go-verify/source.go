package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// maxFileBytes is what the largest file can have: a bundle of 256 entries of 65,535 bytes, each after its length.
const maxFileBytes = 256 * (65_535 + 2)

// errMissing is a file that is not there.
var errMissing = errors.New("the file is missing")

// A source gives the files of a log by their names below log/.
type source interface {
	// read gives errMissing for a file that is not there.
	read(name string) ([]byte, error)
	// names lists every file, or nil where that cannot be known.
	names() ([]string, error)
}

// open takes an address or a folder.
func open(place string) (source, bool) {
	if strings.HasPrefix(place, "http://") || strings.HasPrefix(place, "https://") {
		return address{strings.TrimRight(place, "/"), &http.Client{Timeout: time.Minute}}, false
	}
	return folder(filepath.Join(place, "log")), true
}

type folder string

func (f folder) read(name string) ([]byte, error) {
	file, err := os.Open(filepath.Join(string(f), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errMissing
	} else if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file, name)
}

func (f folder) names() ([]string, error) {
	names := []string{}
	err := filepath.WalkDir(string(f), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(string(f), path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	return names, err
}

type address struct {
	base   string
	client *http.Client
}

func (a address) read(name string) ([]byte, error) {
	answer, err := a.client.Get(a.base + "/log/" + name)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
		return readAll(answer.Body, name)
	case http.StatusNotFound:
		return nil, errMissing
	}
	return nil, fmt.Errorf("%s/log/%s answers %s", a.base, name, answer.Status)
}

func (a address) names() ([]string, error) { return nil, nil }

func readAll(reader io.Reader, name string) ([]byte, error) {
	bytes, err := io.ReadAll(io.LimitReader(reader, maxFileBytes+1))
	if err == nil && len(bytes) > maxFileBytes {
		return nil, fmt.Errorf("%s is longer than any file of a log: %d bytes", name, len(bytes))
	}
	return bytes, err
}
