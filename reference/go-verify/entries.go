package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"
	"unicode/utf16"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	signedPrefix = "sekong/entry/v1\n"
	maxKindBytes = 64
)

var noPrevious = strings.Repeat("0", 64)

// An entry is a leaf whose device signed it.
type entry struct {
	campaign, device, prev string
	seq                    int64
	body                   interface{}
}

// parseEntry reads a leaf: exactly the canonical form (RFC 8785) of the nine fields, signed by its device.
func parseEntry(leaf []byte) (*entry, error) {
	fields, err := readObject(leaf)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, name := range []string{"campaign", "device", "kind", "prev", "sig", "time"} {
		text, ok := fields[name].(string)
		if !ok {
			return nil, fmt.Errorf("%s is not a text", name)
		}
		texts[name] = text
	}
	seq, isNumber := fields["seq"].(json.Number)
	number, err := seq.Int64()
	if version, ok := fields["v"].(json.Number); !ok || version != "1" || !isNumber || err != nil || number < 0 {
		return nil, errors.New("v is 1, and seq a whole number from 0")
	}
	body, ok := fields["body"]
	if !ok || len(fields) != 9 {
		return nil, errors.New("an entry has body, campaign, device, kind, prev, seq, sig, time and v")
	}
	if err := checkSpelling(texts, number); err != nil {
		return nil, err
	}
	if err := checkSignature(fields, texts["device"], texts["sig"]); err != nil {
		return nil, err
	}
	return &entry{texts["campaign"], texts["device"], texts["prev"], number, body}, nil
}

// readObject reads one JSON object that is written in its canonical form.
func readObject(leaf []byte) (map[string]interface{}, error) {
	decoder := json.NewDecoder(bytes.NewReader(leaf))
	decoder.UseNumber()
	var fields map[string]interface{}
	if err := decoder.Decode(&fields); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("there is more than one JSON object")
	}
	again, err := canonical(fields)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, leaf) {
		return nil, errors.New("not in the canonical form of RFC 8785")
	}
	return fields, nil
}

func checkSpelling(texts map[string]string, seq int64) error {
	written, err := time.Parse("2006-01-02T15:04:05Z", texts["time"])
	if err != nil || written.Format(time.RFC3339) != texts["time"] || written.Year() >= 9000 {
		return fmt.Errorf("not a time like 2017-01-01T00:00:00Z: %q", texts["time"])
	}
	visible := func(r rune) bool { return r <= ' ' || r > '~' }
	if kind := texts["kind"]; len(kind) < 1 || len(kind) > maxKindBytes || strings.IndexFunc(kind, visible) >= 0 {
		return fmt.Errorf("not a kind: %q", kind)
	}
	if _, err := hexBytes(texts["prev"]); err != nil {
		return fmt.Errorf("prev: %w", err)
	}
	if (seq == 0) != (texts["prev"] == noPrevious) {
		return errors.New("a device's first entry has zeros for prev, and no other has")
	}
	return nil
}

// smallOrder are the y-coordinates of the points of small order on edwards25519, little-endian.
var smallOrder = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
}

// isWeak says whether a point is of small order, or spelt with a coordinate of p or more (RFC 8032, section 5.1.3): under such a key
// signatures hold that nobody made.
func isWeak(point []byte) bool {
	y := append([]byte{}, point...)
	y[31] &= 0x7f
	if y[0] >= 0xed && y[31] == 0x7f && bytes.Count(y[1:31], []byte{0xff}) == 30 {
		return true
	}
	return holds(smallOrder, fmt.Sprintf("%x", y))
}

func holds(list []string, wanted string) bool {
	for _, one := range list {
		if one == wanted {
			return true
		}
	}
	return false
}

func checkSignature(fields map[string]interface{}, device, sig string) error {
	key, err := hexBytes(device)
	if err != nil {
		return fmt.Errorf("device: %w", err)
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(sig)
	if err != nil || len(signature) != ed25519.SignatureSize || strings.ContainsAny(sig, "\r\n") {
		return errors.New("sig is not 64 bytes in base64")
	}
	unsigned := map[string]interface{}{}
	for name, value := range fields {
		if name != "sig" {
			unsigned[name] = value
		}
	}
	message, err := canonical(unsigned)
	if err != nil {
		return err
	}
	if isWeak(key) || isWeak(signature[:32]) {
		return fmt.Errorf("device %s or its signature is a point that nobody holds: of small order, or in a second spelling", device)
	}
	if !ed25519.Verify(key, append([]byte(signedPrefix), message...), signature) {
		return fmt.Errorf("the signature of device %s does not hold", device)
	}
	return nil
}

// hexBytes reads 32 bytes in their one spelling.
func hexBytes(text string) ([]byte, error) {
	bytes, err := hex.DecodeString(text)
	if err != nil || len(bytes) != 32 || strings.ToLower(text) != text {
		return nil, fmt.Errorf("not 64 lowercase hexadecimal digits: %q", text)
	}
	return bytes, nil
}

// canonical writes JSON as RFC 8785 asks.
func canonical(value interface{}) ([]byte, error) {
	var out bytes.Buffer
	err := write(&out, value)
	return out.Bytes(), err
}

func write(out *bytes.Buffer, value interface{}) error {
	switch value := value.(type) {
	case json.Number:
		return writeNumber(out, value)
	case string:
		writeText(out, value)
	case []interface{}:
		return writeList(out, "[", "]", len(value), func(i int) error { return write(out, value[i]) })
	case map[string]interface{}:
		names := sortedNames(value)
		return writeList(out, "{", "}", len(names), func(i int) error {
			writeText(out, names[i])
			out.WriteByte(':')
			return write(out, value[names[i]])
		})
	default: // null, true, false
		text, err := json.Marshal(value)
		out.Write(text)
		return err
	}
	return nil
}

func writeList(out *bytes.Buffer, start, end string, count int, item func(int) error) error {
	out.WriteString(start)
	for i := 0; i < count; i++ {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := item(i); err != nil {
			return err
		}
	}
	out.WriteString(end)
	return nil
}

// sortedNames are in the order of their UTF-16 code units.
func sortedNames(fields map[string]interface{}) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := utf16.Encode([]rune(names[i])), utf16.Encode([]rune(names[j]))
		for at := 0; at < len(a) && at < len(b); at++ {
			if a[at] != b[at] {
				return a[at] < b[at]
			}
		}
		return len(a) < len(b)
	})
	return names
}

// writeNumber writes a double as ECMAScript does, which is what encoding/json does but for the negative zero.
func writeNumber(out *bytes.Buffer, number json.Number) error {
	double, err := number.Float64()
	if err != nil {
		return fmt.Errorf("not a number that a double can be: %s", number)
	}
	if double == 0 {
		double = 0
	}
	text, err := json.Marshal(double)
	if string(text) == "-0" {
		text = []byte("0")
	}
	out.Write(text)
	return err
}

var shortEscapes = map[rune]string{
	'"': `\"`, '\\': `\\`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`,
}

func writeText(out *bytes.Buffer, text string) {
	out.WriteByte('"')
	for _, r := range text {
		if short, ok := shortEscapes[r]; ok {
			out.WriteString(short)
		} else if r < ' ' {
			fmt.Fprintf(out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
}

// A chain is how far a device has come: its next number, and the hash of its newest entry.
type chain struct {
	next int64
	prev string
}

// checkEntries reads every entry: signature, place in its device's chain, one campaign, and the heads it quotes.
func checkEntries(v *Verdict, t *tree, keys *keys) {
	chains, campaign := map[string]chain{}, ""
	for i, leaf := range t.entries {
		at, file := int64(i), bundleOf(int64(i), t.head.N)
		entry, err := parseEntry(leaf)
		if err != nil {
			v.faultAt(file, at, "%v", err)
			continue
		}
		if i == 0 {
			campaign = entry.campaign
		}
		wanted, known := chains[entry.device]
		if !known {
			wanted.prev = noPrevious
		}
		if entry.campaign != campaign {
			v.faultAt(file, at, "an entry of campaign %s in the log of %s", entry.campaign, campaign)
		} else if entry.seq != wanted.next || entry.prev != wanted.prev {
			v.faultAt(file, at, "device %s gave number %d after %s, due is number %d after %s",
				entry.device, entry.seq, entry.prev, wanted.next, wanted.prev)
		}
		chains[entry.device] = chain{entry.seq + 1, fmt.Sprintf("%x", sha256.Sum256(leaf))}
		if err := checkQuoted(v, t, keys, at, entry.body); err != nil {
			v.faultAt(file, at, "the head it quotes: %v", err)
		}
	}
	v.Devices = len(chains)
}

// checkQuoted proves that a head that an entry quotes is one of this log, from before the entry.
func checkQuoted(v *Verdict, t *tree, keys *keys, at int64, body interface{}) error {
	fields, _ := body.(map[string]interface{})
	text, ok := fields["head"].(string)
	if !ok {
		return nil
	}
	old, err := keys.openHead(text)
	if err != nil {
		return err
	}
	if old.N < 1 || old.N > at {
		return fmt.Errorf("a head of %d entries cannot stand before entry %d", old.N, at)
	}
	proof, err := tlog.ProveTree(t.head.N, old.N, t)
	if err == nil {
		err = tlog.CheckTree(proof, t.head.N, t.head.Hash, old.N, old.Hash)
	}
	if err != nil {
		return fmt.Errorf("the log does not extend it: %w", err)
	}
	v.QuotedHeads++
	return nil
}
