// Command go-verify judges a published Sekong log with code that shares nothing with Sekong: the Go team's own
// golang.org/x/mod/sumdb/note opens the head, golang.org/x/mod/sumdb/tlog hashes the tree and proves every entry.
//
//	go-verify [-key FILE] [-cosigned N] FOLDER      a data folder: FOLDER/log/checkpoint, FOLDER/log/tile/…
//	go-verify -key FILE [-cosigned N] ADDRESS       the same behind http:// or https://; no redirect is followed
//	go-verify -cases                                answers cases, one JSON object a line, from stdin to stdout
//
// On Debian, with golang-go and golang-golang-x-mod-dev, it is built without a network by
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o go-verify .
//
// and elsewhere by go mod init go-verify && go mod tidy && go build.
//
// It reads nothing but static files: no body, no plan, no draw is judged here; `sekong verify` does that.
// On stdout stands one JSON object; what does not hold is also said on stderr. Exit codes as those of sekong:
// 0 all holds, 1 cannot read, 2 wrong arguments, 3 something does not hold.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

const (
	exitFailed = 1
	exitUsage  = 2
	exitFaults = 3
)

func main() {
	key := flag.String("key", "", "`file` of verifier keys, one a line: the log's, then the cosigners', then the line of keys/cosignatures")
	cosigned := flag.Int("cosigned", -1, "how many cosigners must have signed every head (a line \"cosignatures N\" among the keys; without it all that have a key)")
	patience := flag.Duration("patience", time.Minute, "longest wait for one answer of an address")
	mostMiB := flag.Int64("most-mib", 1024, "largest log that is held in memory")
	cases := flag.Bool("cases", false, "answer cases from stdin")
	flag.Parse()
	if *cases {
		exitOn(answerCases(os.Stdin, os.Stdout))
		return
	}
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(exitUsage)
	}
	verdict, err := judge(flag.Arg(0), *key, *cosigned, *patience, *mostMiB)
	exitOn(err)
	told, err := json.Marshal(verdict)
	exitOn(err)
	fmt.Println(visible(string(told)))
	for _, fault := range verdict.Faults {
		fmt.Fprintln(os.Stderr, visible(fault.String()))
	}
	if !verdict.Verified {
		os.Exit(exitFaults)
	}
}

func exitOn(err error) {
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, visible(err.Error()))
	var usage usageError
	if errors.As(err, &usage) {
		os.Exit(exitUsage)
	}
	os.Exit(exitFailed)
}

// A usageError is the caller's to mend.
type usageError string

func (e usageError) Error() string { return string(e) }

// visible is a text as a terminal may show it: names of files and words of entries are somebody else's, and what is no
// printable character of them is escaped, as JSON escapes it. JSON stays the same JSON.
func visible(text string) string {
	var out strings.Builder
	for _, r := range text {
		if strconv.IsPrint(r) {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, `\u%04x`, unit)
		}
	}
	return out.String()
}

// A Fault says what does not hold, and where.
type Fault struct {
	File  string `json:"file"`
	Entry *int64 `json:"entry,omitempty"`
	Fault string `json:"fault"`
}

func (f Fault) String() string {
	if f.Entry == nil {
		return fmt.Sprintf("%s: %s", f.File, f.Fault)
	}
	return fmt.Sprintf("%s: entry %d: %s", f.File, *f.Entry, f.Fault)
}

// A Verdict says what was read and what does not hold; the counts are of what did hold.
type Verdict struct {
	Verified   bool     `json:"verified"`
	Origin     string   `json:"origin"`
	Size       int64    `json:"size"`
	Root       string   `json:"root"`
	Cosigned   []signed `json:"cosigned"`
	Unknown    int      `json:"unknown_signatures"`
	Tiles      int      `json:"tiles"`
	Bundles    int      `json:"bundles"`
	Inclusions int64    `json:"inclusion_proofs"`
	Devices    int      `json:"devices"`
	// QuotedHeads stand inside entries; the tree is proven to extend each.
	QuotedHeads int     `json:"quoted_heads"`
	Faults      []Fault `json:"faults"`
}

func (v *Verdict) fault(file string, format string, args ...interface{}) {
	v.Faults = append(v.Faults, Fault{File: file, Fault: fmt.Sprintf(format, args...)})
}

func (v *Verdict) faultAt(file string, entry int64, format string, args ...interface{}) {
	v.Faults = append(v.Faults, Fault{File: file, Entry: &entry, Fault: fmt.Sprintf(format, args...)})
}

// judge reads a log and checks everything about it that its own files can show.
func judge(place, keyFile string, cosigned int, patience time.Duration, mostMiB int64) (*Verdict, error) {
	src, isFolder := open(place, patience)
	keys, err := readKeys(place, keyFile, isFolder)
	if err != nil {
		return nil, err
	}
	if cosigned >= 0 {
		keys.quorum, keys.unsaid = cosigned, false
	}
	v := &Verdict{Faults: []Fault{}, Cosigned: []signed{}}
	err = judgeLog(v, src, keys, mostMiB<<20)
	var long *longError
	if errors.As(err, &long) {
		v.fault(long.name, "%v", long)
	} else if err != nil {
		return nil, err
	}
	v.Verified = len(v.Faults) == 0
	return v, nil
}

// judgeLog goes on to the next part only while the parts before it hold: what follows would be faults of faults.
func judgeLog(v *Verdict, src source, keys *keys, mostBytes int64) error {
	head, err := readHead(v, src, keys)
	if err != nil || len(v.Faults) > 0 {
		return err
	}
	made, err := readBundles(v, src, head, mostBytes)
	if err != nil || len(v.Faults) > 0 {
		return err
	}
	for _, check := range []func(*Verdict, source, *tree) error{checkRoot, checkTiles, checkFiles, proveEntries} {
		if err := check(v, src, made); err != nil || len(v.Faults) > 0 {
			return err
		}
	}
	checkEntries(v, made, keys)
	return nil
}

// readKeys takes the keys of a folder from the folder itself if none are given: they then prove that the log is of
// one piece, and not whose it is. What an address says of its own keys proves nothing.
func readKeys(place, keyFile string, isFolder bool) (*keys, error) {
	files := []string{keyFile}
	if keyFile == "" {
		if !isFolder {
			return nil, usageError("an address needs -key FILE: keys that come from the address itself prove nothing")
		}
		files = []string{filepath.Join(place, "keys/log.vkey"), filepath.Join(place, "keys/cosigners.vkey")}
		if count := filepath.Join(place, "keys/cosignatures"); exists(count) {
			files = append(files, count)
		}
	}
	var lines []string
	for _, name := range files {
		file, err := openRegular(name, os.Stat)
		if err != nil {
			return nil, usageError(fmt.Sprintf("cannot read the keys: %v", err))
		}
		defer file.Close()
		for scanner := bufio.NewScanner(io.LimitReader(file, maxNoteBytes)); scanner.Scan(); {
			if line := strings.TrimSpace(scanner.Text()); line != "" {
				lines = append(lines, line)
			}
		}
	}
	return parseKeys(lines)
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
