package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pi-manager/internal/ecm"
	"pi-manager/internal/ledger"
)

// errTaken says that another process committed first.
var errTaken = errors.New("another process committed first")

// commit writes a decision once, whatever happens to the answers. It fails with
// errTaken where another commit came first, and nothing of this one is written.
func (m *Manager) commit(ctx context.Context, c ledger.Commit) error {
	var err error
	doubt := false // an earlier try may have arrived, and may yet show
	for range tries {
		_, err = send(ctx, m.Effects, "committing", toLedger(), func(ctx context.Context) (struct{}, error) {
			return struct{}{}, m.Ledger.Commit(ctx, c)
		})
		if err == nil {
			return nil
		}
		doubt = doubt || ecm.ClassOf(err) == ecm.Ambiguous
		if !doubt {
			return wrap("commit "+c.Run.ID, err)
		}
		// Neither a lost answer nor a conflict says who holds the generation: an
		// earlier try of mine may have got through.
		holder, lookup := m.holder(ctx, c.After+1)
		switch {
		case lookup != nil:
			return fmt.Errorf("commit %s: %w: %w (the commit: %w)", c.Run.ID, ErrUnknown, lookup, err)
		case holder == c.Run.Hash:
			return nil
		case holder != "" || errors.Is(err, ledger.ErrConflict):
			return errTaken
		}
		m.Effects.Log.Warn("the commit did not arrive, sending the same again", "generation", c.After+1, "error", err)
	}
	return wrap("commit "+c.Run.ID, err)
}

// lookAgain is the pause between two looks for a commit.
const lookAgain = 2 * time.Second

// holder is the hash of the commit that holds a generation. It looks twice
// before it says that nobody does: an answer can be older than a write.
func (m *Manager) holder(ctx context.Context, generation int64) (string, error) {
	for look := 0; ; look++ {
		hash, err := read(ctx, m.Effects, "looking up the commit", toLedger(), func(ctx context.Context) (string, error) {
			return m.Ledger.Committed(ctx, generation)
		})
		if err != nil || hash != "" || look == 1 || !sleep(ctx, lookAgain) {
			return hash, err
		}
	}
}

// seal fills in what makes a commit recognisable: its hash. Two processes that
// decide the same must still tell their commits apart, so the hash holds a nonce.
func seal(c *ledger.Commit) error {
	content, err := json.Marshal(struct {
		Nonce string
		Run   ecm.Run
		Rows  []ecm.Assignment
	}{nonce(), c.Run, c.Rows})
	if err != nil {
		return fmt.Errorf("hash the commit: %w", err)
	}
	c.Run.Hash = hashOf(content)
	return nil
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:16])
}
