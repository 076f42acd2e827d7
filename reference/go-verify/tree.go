package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// height is that of every tile of C2SP tlog-tiles: 256 hashes.
const height = 8

// tilePath is a tile's name in C2SP tlog-tiles: x/mod's, without the height, and with entries for its raw data.
func tilePath(tile tlog.Tile) string {
	name := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	if rest := strings.TrimPrefix(name, "data/"); rest != name {
		name = "entries/" + rest
	}
	return "tile/" + name
}

// parseTilePath is the inverse of tilePath, by x/mod's own parser.
func parseTilePath(name string) (tlog.Tile, error) {
	rest := strings.TrimPrefix(name, "tile/")
	if inner := strings.TrimPrefix(rest, "entries/"); inner != rest {
		rest = "data/" + inner
	}
	tile, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", height, rest))
	if err != nil || tilePath(tile) != name || tile.L > 63 {
		return tlog.Tile{}, fmt.Errorf("no file of this name belongs to a log")
	}
	return tile, nil
}

// A tree is every entry with every hash above it, made from the entries alone.
type tree struct {
	head    *head
	entries [][]byte
	hashes  []tlog.Hash
}

// ReadHashes makes the tree a tlog.HashReader.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(t.hashes)) {
			return nil, fmt.Errorf("hash %d is not in the tree", index)
		}
		hashes[i] = t.hashes[index]
	}
	return hashes, nil
}

func (t *tree) push(entry []byte) error {
	hashes, err := tlog.StoredHashes(int64(len(t.entries)), entry, t)
	t.entries, t.hashes = append(t.entries, entry), append(t.hashes, hashes...)
	return err
}

// root is that of RFC 6962; x/mod gives zeros for the tree without leaves.
func (t *tree) root() (tlog.Hash, error) {
	if len(t.entries) == 0 {
		return sha256.Sum256(nil), nil
	}
	return tlog.TreeHash(int64(len(t.entries)), t)
}

// countOf is how many hashes (or entries, at level -1) all tiles of a level hold.
func countOf(level int, size int64) int64 {
	for ; level > 0 && size > 0; level-- {
		size >>= height
	}
	return size
}

// tilesOf is how many tiles of one level (-1 for bundles) a log of this size must have: full ones and at most one partial one.
// They are never listed as a whole: a head may lie about its size.
func tilesOf(level int, size int64) int64 {
	count := countOf(level, size)
	tiles := count >> height
	if tiles<<height < count {
		tiles++
	}
	return tiles
}

// tileOf is the n-th of them.
func tileOf(level int, size, n int64) tlog.Tile {
	width := countOf(level, size) - n<<height
	if width > 1<<height {
		width = 1 << height
	}
	return tlog.Tile{H: height, L: level, N: n, W: int(width)}
}

func bundleOf(entry, size int64) string {
	return tilePath(tileOf(-1, size, entry>>height))
}

// splitBundle takes a bundle apart: each entry after its length, two bytes, big-endian.
func splitBundle(bundle []byte) ([][]byte, error) {
	var entries [][]byte
	for len(bundle) > 0 {
		if len(entries) == 1<<height {
			return nil, fmt.Errorf("the bundle holds more than %d entries", 1<<height)
		}
		if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
			return nil, fmt.Errorf("the bundle ends within its entry number %d", len(entries))
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		entries = append(entries, bundle[2:end])
		bundle = bundle[end:]
	}
	return entries, nil
}

// readBundles reads every entry, of so many bytes in all.
func readBundles(v *Verdict, src source, head *head, mostBytes int64) (*tree, error) {
	tree := &tree{head: head}
	for n := int64(0); n < tilesOf(-1, head.N); n++ {
		tile := tileOf(-1, head.N, n)
		name := tilePath(tile)
		bundle, err := src.read(name)
		if errors.Is(err, errMissing) {
			v.fault(name, "%v", err)
			return tree, nil
		} else if err != nil {
			return nil, err
		}
		if mostBytes -= int64(len(bundle)); mostBytes < 0 {
			return nil, fmt.Errorf("%s: the log is larger than -most-mib allows", name)
		}
		entries, err := splitBundle(bundle)
		if err == nil && len(entries) != tile.W {
			err = fmt.Errorf("the bundle holds %d entries, its name says %d", len(entries), tile.W)
		}
		if err != nil {
			v.fault(name, "%v", err)
			return tree, nil
		}
		for _, entry := range entries {
			if err := tree.push(entry); err != nil {
				return nil, err
			}
		}
		v.Bundles++
	}
	return tree, nil
}

// checkRoot compares the root of the entries with the head's. If it differs and the published leaf hashes lead to the
// head's, then the entries that do not fit them are the ones at fault.
func checkRoot(v *Verdict, src source, t *tree) error {
	root, err := t.root()
	if err != nil || root == t.head.Hash {
		return err
	}
	if leaves, ok := publishedLeaves(src, t.head); ok {
		for i, entry := range t.entries {
			if tlog.RecordHash(entry) != leaves[i] {
				v.faultAt(bundleOf(int64(i), t.head.N), int64(i), "the entry is not the one under the head")
			}
		}
		return nil
	}
	v.fault(checkpointFile, "the head states root %v, the entries lead to %v", t.head.Hash, root)
	return nil
}

// publishedLeaves are the leaf hashes of the tiles of level 0, if they lead to the head's root.
func publishedLeaves(src source, head *head) ([]tlog.Hash, bool) {
	above := &tree{}
	var leaves []tlog.Hash
	for n := int64(0); n < tilesOf(0, head.N); n++ {
		tile := tileOf(0, head.N, n)
		data, err := src.read(tilePath(tile))
		if err != nil || len(data) != tile.W*tlog.HashSize {
			return nil, false
		}
		for at := 0; at < len(data); at += tlog.HashSize {
			var leaf tlog.Hash
			copy(leaf[:], data[at:])
			hashes, err := tlog.StoredHashesForRecordHash(int64(len(leaves)), leaf, above)
			if err != nil {
				return nil, false
			}
			leaves, above.hashes = append(leaves, leaf), append(above.hashes, hashes...)
		}
	}
	root, err := tlog.TreeHash(head.N, above)
	return leaves, err == nil && root == head.Hash
}

// checkTiles compares every tile of the head's size with the tree that the entries make.
func checkTiles(v *Verdict, src source, t *tree) error {
	for level := 0; tilesOf(level, t.head.N) > 0; level++ {
		for n := int64(0); n < tilesOf(level, t.head.N); n++ {
			tile := tileOf(level, t.head.N, n)
			data, err := src.read(tilePath(tile))
			if errors.Is(err, errMissing) {
				v.fault(tilePath(tile), "%v", err)
				continue
			} else if err != nil {
				return err
			}
			if err := checkTile(v, t, tile, data); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkTile(v *Verdict, t *tree, tile tlog.Tile, data []byte) error {
	wanted, err := tlog.ReadTileData(tile, t)
	if err != nil {
		return err
	}
	name := tilePath(tile)
	if len(data) != len(wanted) {
		v.fault(name, "the tile has %d bytes, its name says %d", len(data), len(wanted))
		return nil
	}
	for at := 0; at < len(data); at += tlog.HashSize {
		if bytes.Equal(data[at:at+tlog.HashSize], wanted[at:at+tlog.HashSize]) {
			continue
		}
		position := int64(at / tlog.HashSize)
		if tile.L == 0 {
			v.faultAt(name, tile.N<<height+position, "the hash is not the entry's")
		} else {
			v.fault(name, "hash %d is not that of the tree", position)
		}
		return nil
	}
	v.Tiles++
	return nil
}

// checkFiles looks at every other file: a partial tile of before must be a beginning of the tree, and nothing else
// belongs here.
func checkFiles(v *Verdict, src source, t *tree) error {
	names, err := src.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == checkpointFile {
			continue
		}
		tile, err := parseTilePath(name)
		if err != nil {
			v.fault(name, "%v", err)
		} else if count := countOf(tile.L, t.head.N); tile.N > count>>height || tile.N<<height+int64(tile.W) > count {
			v.fault(name, "the file reaches beyond the head's %d entries", t.head.N)
		} else if tile.W < 1<<height {
			if err := checkPartial(v, src, t, tile); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkPartial(v *Verdict, src source, t *tree, tile tlog.Tile) error {
	data, err := src.read(tilePath(tile))
	if err != nil {
		return err
	}
	if tile.L >= 0 {
		// Those of the head's own size were counted before.
		counted := v.Tiles
		err = checkTile(v, t, tile, data)
		v.Tiles = counted
		return err
	}
	var wanted []byte
	for _, entry := range t.entries[tile.N<<height : tile.N<<height+int64(tile.W)] {
		wanted = append(wanted, byte(len(entry)>>8), byte(len(entry)))
		wanted = append(wanted, entry...)
	}
	if !bytes.Equal(data, wanted) {
		v.fault(tilePath(tile), "the bundle is not a beginning of the log's")
	}
	return nil
}

// A tileReader gives x/mod the published tiles, so that it proves from them and not from what was computed here.
type tileReader struct {
	src  source
	seen map[tlog.Tile][]byte
}

func (t *tileReader) Height() int                         { return height }
func (t *tileReader) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (t *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		if _, ok := t.seen[tile]; !ok {
			bytes, err := t.src.read(tilePath(tile))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", tilePath(tile), err)
			}
			t.seen[tile] = bytes
		}
		data[i] = t.seen[tile]
	}
	return data, nil
}

// proveEntries makes the inclusion proof of every entry from the published tiles, and checks it.
func proveEntries(v *Verdict, src source, t *tree) error {
	reader := tlog.TileHashReader(t.head.Tree, &tileReader{src, map[tlog.Tile][]byte{}})
	for i, entry := range t.entries {
		proof, err := tlog.ProveRecord(t.head.N, int64(i), reader)
		if err == nil {
			err = tlog.CheckRecord(proof, t.head.N, t.head.Hash, int64(i), tlog.RecordHash(entry))
		}
		if err != nil {
			v.faultAt(bundleOf(int64(i), t.head.N), int64(i), "no inclusion proof: %v", err)
			return nil
		}
		v.Inclusions++
	}
	return nil
}
