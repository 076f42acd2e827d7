package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A testCase asks one question; which of the fields count depends on the kind.
type testCase struct {
	Kind string `json:"kind"`
	// tree: root, inclusion proof of Index, consistency proof from Old (absent for 0), all tiles.
	Leaves []hexText `json:"leaves"`
	Index  int64     `json:"index"`
	Old    int64     `json:"old"`
	// inclusion, consistency: does Proof hold?
	Size    int64    `json:"size"`
	Leaf    hexHash  `json:"leaf"`
	OldRoot hexHash  `json:"old_root"`
	Root    hexHash  `json:"root"`
	Proof   hexProof `json:"proof"`
	// path: is Text a tile's name? note: who signed Text? sign: the note of Text by Name's key of Seed.
	// entry: is Bytes a signed entry?
	Text  string   `json:"text"`
	Keys  []string `json:"keys"`
	Name  string   `json:"name"`
	Seed  hexText  `json:"seed"`
	Bytes hexText  `json:"bytes"`
}

// An answer holds what the kind asks for.
type answer struct {
	Holds       bool       `json:"holds"`
	Root        string     `json:"root,omitempty"`
	Inclusion   hexProof   `json:"inclusion,omitempty"`
	Consistency hexProof   `json:"consistency,omitempty"`
	Tiles       [][]string `json:"tiles,omitempty"`
	Place       []int64    `json:"place,omitempty"`
	Text        string     `json:"text,omitempty"`
	Signers     []string   `json:"signers,omitempty"`
}

type hexText []byte

func (h *hexText) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

type hexHash tlog.Hash

func (h *hexHash) UnmarshalText(text []byte) error {
	bytes, err := hexBytes(string(text))
	copy(h[:], bytes)
	return err
}

func (h hexHash) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h[:])), nil }

type hexProof []hexHash

func (p hexProof) hashes() []tlog.Hash {
	hashes := make([]tlog.Hash, len(p))
	for i, hash := range p {
		hashes[i] = tlog.Hash(hash)
	}
	return hashes
}

func hexProofOf(hashes []tlog.Hash) hexProof {
	proof := make(hexProof, len(hashes))
	for i, hash := range hashes {
		proof[i] = hexHash(hash)
	}
	return proof
}

// answerCases answers line by line until the input ends.
func answerCases(in io.Reader, out io.Writer) error {
	lines, buffered := bufio.NewReader(in), bufio.NewWriter(out)
	decoder, encoder := json.NewDecoder(lines), json.NewEncoder(buffered)
	for {
		var asked testCase
		if err := decoder.Decode(&asked); err == io.EOF {
			return buffered.Flush()
		} else if err != nil {
			return fmt.Errorf("not a case: %w", err)
		}
		told, err := asked.answer()
		if err != nil {
			return err
		}
		if err := encoder.Encode(told); err != nil {
			return err
		}
	}
}

func (c *testCase) answer() (*answer, error) {
	switch c.Kind {
	case "tree":
		return c.tree()
	case "inclusion":
		err := tlog.CheckRecord(c.Proof.hashes(), c.Size, tlog.Hash(c.Root), c.Index, tlog.Hash(c.Leaf))
		return &answer{Holds: err == nil}, nil
	case "consistency":
		err := tlog.CheckTree(c.Proof.hashes(), c.Size, tlog.Hash(c.Root), c.Old, tlog.Hash(c.OldRoot))
		return &answer{Holds: err == nil}, nil
	case "path":
		tile, err := parseTilePath(c.Text)
		return &answer{Holds: err == nil, Place: []int64{int64(tile.L), tile.N, int64(tile.W)}}, nil
	case "note":
		return c.note()
	case "sign":
		return c.sign()
	case "entry":
		_, err := parseEntry(c.Bytes)
		return &answer{Holds: err == nil}, nil
	}
	return nil, fmt.Errorf("not a kind of case: %q", c.Kind)
}

func (c *testCase) tree() (*answer, error) {
	tree, size := &tree{}, int64(len(c.Leaves))
	for _, leaf := range c.Leaves {
		if err := tree.push(leaf); err != nil {
			return nil, err
		}
	}
	root, err := tree.root()
	if err != nil {
		return nil, err
	}
	told := &answer{Holds: true, Root: hex.EncodeToString(root[:])}
	if c.Index < size {
		proof, err := tlog.ProveRecord(size, c.Index, tree)
		if err != nil {
			return nil, err
		}
		told.Inclusion = hexProofOf(proof)
	}
	if c.Old > 0 {
		proof, err := tlog.ProveTree(size, c.Old, tree)
		if err != nil {
			return nil, err
		}
		told.Consistency = hexProofOf(proof)
	}
	told.Tiles, err = tree.tiles()
	return told, err
}

// tiles are the names of all tiles of hashes, each with the SHA-256 of its bytes; the lowest level first.
func (t *tree) tiles() ([][]string, error) {
	var told [][]string
	size := int64(len(t.entries))
	for level := 0; tilesOf(level, size) > 0; level++ {
		for n := int64(0); n < tilesOf(level, size); n++ {
			tile := tileOf(level, size, n)
			data, err := tlog.ReadTileData(tile, t)
			if err != nil {
				return nil, err
			}
			told = append(told, []string{tilePath(tile), fmt.Sprintf("%x", sha256.Sum256(data))})
		}
	}
	return told, nil
}

// note opens a note with keys of logs and cosigners; it holds if every key given signed it.
func (c *testCase) note() (*answer, error) {
	var list []note.Verifier
	for _, line := range c.Keys {
		if cosigner, err := newCosigner(line); err == nil {
			list = append(list, cosigner)
			continue
		}
		verifier, err := note.NewVerifier(line)
		if err != nil {
			return &answer{}, nil
		}
		list = append(list, verifier)
	}
	opened, err := note.Open([]byte(c.Text), note.VerifierList(list...))
	if err != nil {
		return &answer{}, nil
	}
	told := &answer{Holds: len(opened.Sigs) == len(list), Text: opened.Text}
	for _, line := range opened.Sigs {
		told.Signers = append(told.Signers, line.Name)
	}
	return told, nil
}

func (c *testCase) sign() (*answer, error) {
	if len(c.Seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("a seed has %d bytes", ed25519.SeedSize)
	}
	secret, public, err := note.GenerateKey(bytes.NewReader(c.Seed), c.Name)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: c.Text}, signer)
	if err != nil {
		return &answer{}, nil
	}
	return &answer{Holds: true, Text: string(signed), Signers: []string{public}}, nil
}
