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
	"syscall"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// maxNoteBytes is what a signed note has at most.
	maxNoteBytes = 1_000_000
	// maxEntryBytes is what an entry takes in a bundle, with its length before it.
	maxEntryBytes = 65_535 + 2
	// maxAll is how long all answers of an address together may take: thousands that come just in time are too slow, too.
	maxAll = 2 * time.Hour
)

// maxBytes is what a file of this name can have; names of no log's file have nothing.
func maxBytes(name string) int64 {
	if name == checkpointFile {
		return maxNoteBytes
	}
	tile, err := parseTilePath(name)
	if err != nil {
		return 0
	}
	if tile.L < 0 {
		return int64(tile.W) * maxEntryBytes
	}
	return int64(tile.W) * tlog.HashSize
}

// A longError is a file that does not end where it must.
type longError struct {
	name  string
	bytes int64
}

func (e *longError) Error() string {
	return fmt.Sprintf("the file is longer than %d bytes, and was read no further: none of this name is", e.bytes)
}

// errMissing is a file that is not there.
var errMissing = errors.New("the file is missing")

// A source gives the files of a log by their names below log/.
type source interface {
	// read gives errMissing for a file that is not there.
	read(name string) ([]byte, error)
	// names lists every file, or nil where that cannot be known.
	names() ([]string, error)
}

// open takes an address, whose answers are waited for so long each, or a folder.
func open(place string, patience time.Duration) (source, bool) {
	if strings.HasPrefix(place, "http://") || strings.HasPrefix(place, "https://") {
		client := &http.Client{Timeout: patience, CheckRedirect: stay}
		return &address{strings.TrimRight(place, "/"), client, time.Now().Add(maxAll)}, false
	}
	return folder(filepath.Join(place, "log")), true
}

// stay follows nothing: what lies elsewhere is not what the caller named.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

type folder string

func (f folder) read(name string) ([]byte, error) {
	file, err := openRegular(filepath.Join(string(f), name), os.Lstat)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errMissing
	} else if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file, name)
}

// openRegular opens what look says is a regular file: on a pipe one would wait for whoever writes into it.
func openRegular(path string, look func(string) (fs.FileInfo, error)) (*os.File, error) {
	about, err := look(path)
	if err != nil {
		return nil, err
	}
	if !about.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is a link, pipe or device, or a folder, which is not read", path)
	}
	return os.Open(path)
}

func (f folder) names() ([]string, error) {
	names := []string{}
	err := filepath.WalkDir(string(f), func(path string, entry fs.DirEntry, err error) error {
		// A folder that no call can reach is no file of a log: whoever copied it in must not keep the rest from being judged.
		isTooLong := errors.Is(err, syscall.ENAMETOOLONG)
		if !isTooLong && (err != nil || entry.IsDir()) {
			return err
		}
		name, err := filepath.Rel(string(f), path)
		names = append(names, filepath.ToSlash(name))
		if err == nil && isTooLong {
			return fs.SkipDir
		}
		return err
	})
	return names, err
}

type address struct {
	base   string
	client *http.Client
	until  time.Time
}

func (a *address) read(name string) ([]byte, error) {
	if time.Now().After(a.until) {
		return nil, fmt.Errorf("the answers of %s took longer than %v in all: copy the log into a folder, and judge that", a.base, maxAll)
	}
	answer, err := a.client.Get(a.base + "/log/" + name)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusOK:
		return readAll(answer.Body, name)
	case answer.StatusCode == http.StatusNotFound:
		return nil, errMissing
	case answer.StatusCode/100 == 3:
		return nil, fmt.Errorf("%s/log/%s leads elsewhere, to %q, which is not followed", a.base, name, answer.Header.Get("Location"))
	}
	return nil, fmt.Errorf("%s/log/%s answers %s", a.base, name, answer.Status)
}

func (a *address) names() ([]string, error) { return nil, nil }

func readAll(reader io.Reader, name string) ([]byte, error) {
	most := maxBytes(name)
	bytes, err := io.ReadAll(io.LimitReader(reader, most+1))
	if err == nil && int64(len(bytes)) > most {
		return nil, &longError{name, most}
	}
	return bytes, err
}
