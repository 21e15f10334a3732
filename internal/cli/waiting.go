package cli

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// quiet is how long a run may work before it says what it is at.
const quiet = 2 * time.Second

// waiting tells a waiting person what a run is doing. It says nothing of what
// is over quickly; where nobody looks, it goes to the log.
type waiting struct {
	app   *app
	log   *slog.Logger
	mu    sync.Mutex
	at    string
	loud  bool
	timer *time.Timer
}

// waiting starts; call stop when the run is over.
func (a *app) waiting(log *slog.Logger) *waiting {
	p := &waiting{app: a, log: log}
	if isTerminal(a.stderr) {
		p.timer = time.AfterFunc(quiet, p.speakUp)
	}
	return p
}

func (p *waiting) say(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = what
	switch {
	case p.timer == nil:
		p.log.Info(what)
	case p.loud:
		p.print()
	}
}

func (p *waiting) speakUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loud = true
	if p.at != "" {
		p.print()
	}
}

func (p *waiting) print() { _, _ = fmt.Fprintf(p.app.stderr, "… %s\n", p.at) }

func (p *waiting) stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
}
