// Reads a signed note and makes proofs with Go's own packages of the checksum database, which the formats come from.
// Standard input and output are JSON, see Asked and Told.
package main

import (
	"crypto/rand"
	"encoding/json"
	"log"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Asked is what is to be done.
type Asked struct {
	Note     string   // a signed note
	Verifier string   // the key that signed it
	Signer   string   // a key to sign Text with
	Text     string
	Entries  [][]byte // of a tree
	Sizes    [][2]int64
}

// Told is what came of it.
type Told struct {
	Text     string   // of the note
	SignedBy []string // the signatures under it that hold
	Signed   string   // Text, signed by Signer
	NewKeys  [2]string
	Roots    []tlog.Hash     // after each entry
	Records  [][]tlog.Hash   // for each pair the proof that the entry before the first size is in the tree of the second
	Trees    [][]tlog.Hash   // for each pair the proof that the second tree grew out of the first
}

type hashes []tlog.Hash

func (known hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = known[index]
	}
	return found, nil
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	var asked Asked
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		log.Fatal(err)
	}
	var told Told
	verifier := must(note.NewVerifier(asked.Verifier))
	opened := must(note.Open([]byte(asked.Note), note.VerifierList(verifier)))
	told.Text = opened.Text
	for _, signature := range opened.Sigs {
		told.SignedBy = append(told.SignedBy, signature.Name)
	}
	signer := must(note.NewSigner(asked.Signer))
	told.Signed = string(must(note.Sign(&note.Note{Text: asked.Text}, signer)))
	secret, public, err := note.GenerateKey(rand.Reader, "go.example/log")
	if err != nil {
		log.Fatal(err)
	}
	told.NewKeys = [2]string{secret, public}

	var known hashes
	for i, entry := range asked.Entries {
		known = append(known, must(tlog.StoredHashes(int64(i), entry, known))...)
		told.Roots = append(told.Roots, must(tlog.TreeHash(int64(i)+1, known)))
	}
	for _, sizes := range asked.Sizes {
		told.Records = append(told.Records, must(tlog.ProveRecord(sizes[1], sizes[0]-1, known)))
		told.Trees = append(told.Trees, must(tlog.ProveTree(sizes[1], sizes[0], known)))
	}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		log.Fatal(err)
	}
}
