package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const checkpointFile = "checkpoint"

// keys are those that heads must carry.
type keys struct {
	log       note.Verifier
	cosigners map[string]*cosigner
	// quorum is how many cosigners must have signed; unsaid is that nobody said it, so that all must.
	quorum int
	unsaid bool
}

// parseKeys takes verifier key lines: one log, any number of cosigners.
func parseKeys(lines []string) (*keys, error) {
	keys := &keys{cosigners: map[string]*cosigner{}}
	quorum := -1
	for _, line := range lines {
		if strings.HasPrefix(line, "cosignatures ") {
			said := strings.TrimPrefix(line, "cosignatures ")
			number, err := strconv.Atoi(said)
			if err != nil || len(said) > 3 || strings.Trim(said, "0123456789") != "" || number < 1 || quorum >= 0 {
				return nil, usageError(fmt.Sprintf("not how many cosigners must sign: %q", line))
			}
			quorum = number
			continue
		}
		if cosigner, err := newCosigner(line); err == nil {
			if err := keys.add(cosigner); err != nil {
				return nil, err
			}
			continue
		}
		log, err := note.NewVerifier(line)
		if err != nil {
			return nil, usageError(fmt.Sprintf("not a verifier key: %q: %v", line, err))
		}
		if keys.log != nil {
			return nil, usageError(fmt.Sprintf("two keys of a log: %s and %s", keys.log.Name(), log.Name()))
		}
		keys.log = log
	}
	if keys.log == nil {
		return nil, usageError("no key of a log among the keys given")
	}
	if keys.quorum, keys.unsaid = quorum, quorum < 0; keys.unsaid {
		keys.quorum = len(keys.cosigners)
	}
	if keys.quorum > len(keys.cosigners) {
		return nil, usageError(fmt.Sprintf("%d cosigners must sign, the keys of %d were given", quorum, len(keys.cosigners)))
	}
	return keys, nil
}

// add takes one more cosigner. Of one name, or one key under two names, there is one: it would be counted as two.
func (k *keys) add(one *cosigner) error {
	for _, other := range k.cosigners {
		if other.name == one.name || other.key.Equal(one.key) {
			return usageError(fmt.Sprintf("%s and %s are the same key, or have the same name: give each cosigner once", other.name, one.name))
		}
	}
	k.cosigners[one.name] = one
	return nil
}

func (k *keys) verifiers() note.Verifiers {
	list := []note.Verifier{k.log}
	for _, cosigner := range k.cosigners {
		list = append(list, cosigner)
	}
	return note.VerifierList(list...)
}

// A cosigner verifies C2SP tlog-cosignature lines (Ed25519, with the time they were given at), which x/mod does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

const (
	algorithmCosignature = 4
	timeBytes            = 8
)

// newCosigner parses NAME+ID+BASE64(0x04 ‖ key).
func newCosigner(line string) (*cosigner, error) {
	parts := strings.SplitN(line, "+", 3)
	if len(parts) != 3 || parts[0] == "" {
		return nil, errors.New("not NAME+ID+BASE64")
	}
	material, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(material) != 1+ed25519.PublicKeySize || material[0] != algorithmCosignature {
		return nil, errors.New("not the key of a cosigner")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), material...))
	hash := binary.BigEndian.Uint32(sum[:4])
	if parts[1] != fmt.Sprintf("%08x", hash) {
		return nil, fmt.Errorf("the id of %s is %08x", parts[0], hash)
	}
	return &cosigner{name: parts[0], hash: hash, key: material[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

// Verify is note.Verifier's: sig is eight bytes of time and an Ed25519 signature.
func (c *cosigner) Verify(text, sig []byte) bool {
	if len(sig) != timeBytes+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), text)
	return ed25519.Verify(c.key, []byte(message), sig[timeBytes:])
}

// A signed cosignature, as the verdict tells it.
type signed struct {
	Name string `json:"name"`
	Time string `json:"time"`
}

// A head is a checkpoint whose signatures hold.
type head struct {
	tlog.Tree
	origin   string
	cosigned []signed
	unknown  int
}

// openHead opens a signed checkpoint and counts its cosignatures.
func (k *keys) openHead(text string) (*head, error) {
	opened, err := note.Open([]byte(text), k.verifiers())
	if err != nil {
		return nil, err
	}
	head, err := parseCheckpoint(opened.Text)
	if err != nil {
		return nil, err
	}
	head.unknown = len(opened.UnverifiedSigs)
	byLog := false
	for _, line := range opened.Sigs {
		if line.Name == k.log.Name() && line.Hash == k.log.KeyHash() {
			byLog = true
		} else {
			head.cosigned = append(head.cosigned, signed{line.Name, timeOf(line)})
		}
	}
	switch {
	case !byLog:
		return nil, fmt.Errorf("no signature by the log, %s", k.log.Name())
	case head.origin != k.log.Name():
		return nil, fmt.Errorf("a checkpoint of %s, not of %s", head.origin, k.log.Name())
	case len(head.cosigned) < k.quorum:
		return nil, k.tooFew(len(head.cosigned))
	}
	return head, nil
}

// tooFew says how many cosigners signed, and, where nobody said how many must, who says it.
func (k *keys) tooFew(signed int) error {
	told := fmt.Sprintf("%d of %d cosigners signed, %d must", signed, len(k.cosigners), k.quorum)
	if k.unsaid {
		told += ": without a line \"cosignatures N\" among the keys, as in the campaign's keys/cosignatures, all whose keys are given"
	}
	return errors.New(told)
}

// timeOf reads the time of a cosignature that holds: four bytes of key id, then eight of seconds.
func timeOf(line note.Signature) string {
	bytes, err := base64.StdEncoding.DecodeString(line.Base64)
	if err != nil || len(bytes) < 4+timeBytes {
		return ""
	}
	return time.Unix(int64(binary.BigEndian.Uint64(bytes[4:])), 0).UTC().Format(time.RFC3339)
}

// parseCheckpoint reads origin, size and root, C2SP tlog-checkpoint.
func parseCheckpoint(text string) (*head, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] == "" || lines[3] != "" {
		return nil, errors.New("a checkpoint is three lines: origin, size, root")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return nil, fmt.Errorf("not the size of a tree: %q", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil || root.String() != lines[2] {
		return nil, fmt.Errorf("not a root: %q", lines[2])
	}
	return &head{Tree: tlog.Tree{N: size, Hash: root}, origin: lines[0]}, nil
}

func readHead(v *Verdict, src source, keys *keys) (*head, error) {
	text, err := src.read(checkpointFile)
	if errors.Is(err, errMissing) {
		v.fault(checkpointFile, "%v", err)
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	head, err := keys.openHead(string(text))
	if err != nil {
		v.fault(checkpointFile, "%v", err)
		return nil, nil
	}
	v.Origin, v.Size, v.Root = head.origin, head.N, head.Hash.String()
	v.Cosigned, v.Unknown = append(v.Cosigned, head.cosigned...), head.unknown
	return head, nil
}
