package accesstoken

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

const (
	// headTimeout bounds a read of the head row and of what changed, and then each
	// read of the present state of that.
	headTimeout = 2 * time.Second
	// loadTimeout bounds a read of everything.
	loadTimeout = 5 * time.Minute
	// reloadAbove is how many changes there may be before reading everything is
	// likely cheaper than reading each: so many, or one for reloadShare credentials.
	reloadAbove = 2000
	reloadShare = 16
	// recordsAtOnce is how many credentials are read together: each read is a wait
	// for a database that is far, and each must be done within headTimeout.
	recordsAtOnce = 500
)

// follow does one round: it reads the head row and applies what changed. What
// it could not apply is tried again by the next round.
func (d *Directory) follow(began time.Time) error {
	ctx, cancel := context.WithTimeout(context.Background(), headTimeout)
	defer cancel()
	head, err := d.store.Head(ctx)
	if err != nil {
		return err
	}
	known := d.position.Load()
	if known == nil {
		return d.reload(began)
	}
	grown, err := d.grown(ctx, known.head, head)
	switch {
	case err != nil:
		return err
	case !grown || known.stored:
		return d.reload(began)
	case head.Change > known.head.Change:
		if whole, err := d.applySince(known.head.Change, head.Change); err != nil {
			return err
		} else if !whole {
			return d.reload(began)
		}
	}
	d.position.Store(&position{head: head, asked: began})
	return nil
}

// grown tells whether found has grown out of known, so that what happened in
// between is all that is new. A database that was set back (restored from a
// backup, or a standby that had not got everything) has another history: what
// this node knows of it may never have been. That raises an alarm, and the
// history gets another name, so that nobody goes on from a cursor in the lost
// one.
func (d *Directory) grown(ctx context.Context, known, found Head) (bool, error) {
	if !rewritten(known, found) {
		if found.Sequence == known.Sequence || known.Sequence == 0 {
			return true, nil
		}
		// It may have been set back and have outgrown what this node saw.
		hash, err := d.store.HashAt(ctx, known.Sequence)
		switch {
		case apicred.IsKind(err, apicred.KindNotFound):
		case err != nil:
			return false, err
		case hash == known.Hash:
			return true, nil
		case hash == "":
			// It lies before what is kept of the log (claviger audit prune): this
			// node was away for long. Nothing was lost, and nobody need begin anew.
			d.options.Logger.InfoContext(ctx, "the audit log was pruned beyond what this node knows; reading everything anew",
				slog.Any("followed", known), slog.Any("found", found))
			return false, nil
		}
	}
	if known.Epoch == found.Epoch {
		err := d.store.RenameHistory(ctx, known.Epoch)
		if apicred.IsKind(err, apicred.KindUnavailable) {
			return false, err // it is met again by the next round
		}
		if err != nil {
			d.options.Logger.ErrorContext(ctx, "the history keeps its name, and whoever follows the feed from before goes on from changes that were lost", slog.Any("cause", cause(err)))
		}
	}
	d.usage.lose(d.options.Clock()) // what was written to the other history
	d.rewrites.Add(1)
	d.options.Logger.ErrorContext(ctx, "the database's history is not the one followed so far: it was restored, or a failover lost changes; reading everything anew",
		slog.Any("followed", known), slog.Any("found", found))
	return false, nil
}

// rewritten tells whether the heads alone show that found cannot have grown out
// of known.
func rewritten(known, found Head) bool {
	return known.Epoch != found.Epoch || found.Change < known.Change || found.Sequence < known.Sequence ||
		found.Sequence == known.Sequence && found.Hash != known.Hash
}

// reload replaces the whole table.
func (d *Directory) reload(began time.Time) error {
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	l := newLoader(d.hasher, &d.options, d.current.Load())
	defer l.over()
	head, err := d.store.Load(ctx, l)
	if err != nil {
		return err
	}
	if first := d.position.Load() == nil; !first {
		if err := d.reloadKeys(ctx); err != nil {
			return err
		}
	}
	for _, fault := range l.faults {
		d.options.Logger.ErrorContext(ctx, "a credential cannot be used and was left out", slog.Any("cause", fault))
	}
	loaded := l.finish()
	if err := d.recall(ctx, loaded, head); err != nil {
		return err
	}
	d.current.Store(loaded)
	d.position.Store(&position{head: head, asked: began})
	return nil
}

func (d *Directory) reloadKeys(ctx context.Context) error {
	if d.options.OnKeysChanged == nil {
		return nil
	}
	return d.options.OnKeysChanged(ctx)
}

// applySince applies the changes behind after. It reports false when they are
// so many, or so few, that everything must be read.
func (d *Directory) applySince(after, upTo int64) (whole bool, err error) {
	most := max(reloadAbove, d.Size()/reloadShare)
	changes, err := d.changesSince(after, most+1)
	if err != nil || len(changes) > most {
		return false, err
	}
	if len(changes) == 0 || changes[0].Change > after+1 || changes[len(changes)-1].Change < upTo {
		d.options.Logger.Error("the change feed lacks changes that the head row counts; reading everything anew",
			slog.Int64("after", after), slog.Int64("head", upTo))
		return false, nil
	}
	type target struct {
		kind    apicred.TargetType
		id      string
		account string
	}
	// Each is applied once, under the number of its last change: a follower that
	// comes from another node may know of the ones before.
	last := map[target]int64{}
	for _, c := range changes {
		last[target{c.TargetType, c.TargetID, c.AccountID}] = c.Change
	}
	changes = slices.DeleteFunc(changes, func(c Change) bool { return last[target{c.TargetType, c.TargetID, c.AccountID}] != c.Change })
	for part := range slices.Chunk(changes, recordsAtOnce) {
		if err := d.applyPart(part); err != nil {
			return false, err
		}
	}
	for _, c := range changes {
		d.options.OnFollowed(c.At)
	}
	return true, nil
}

// present is how what changed is now, as far as it was read together.
type present struct {
	credentials map[string]FoundCredential
	revoked     map[string]RevokedToken
}

// applyPart applies changes in their order. The credentials among them are read
// together, and so are the revoked tokens: of these one program may make hundreds.
func (d *Directory) applyPart(changes []Change) error {
	var clientIDs, jtis []string
	for _, c := range changes {
		switch c.TargetType {
		case apicred.TargetCredential:
			clientIDs = append(clientIDs, c.TargetID)
		case apicred.TargetToken:
			jtis = append(jtis, c.TargetID)
		default: // few, and read one by one
		}
	}
	found, err := d.readTogether(clientIDs, jtis)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if err := d.apply(c, found); err != nil {
			return err
		}
	}
	return nil
}

func (d *Directory) readTogether(clientIDs, jtis []string) (found present, err error) {
	if len(clientIDs) > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), headTimeout)
		defer cancel()
		if found.credentials, err = d.store.CredentialRecords(ctx, clientIDs); err != nil {
			return found, err
		}
	}
	if len(jtis) > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), headTimeout)
		defer cancel()
		found.revoked, err = d.store.RevokedTokens(ctx, jtis)
	}
	return found, err
}

func (d *Directory) changesSince(after int64, most int) ([]Change, error) {
	ctx, cancel := context.WithTimeout(context.Background(), headTimeout)
	defer cancel()
	return d.store.ChangesSince(ctx, after, most)
}

// apply makes the present state of what changed live: of a credential what was
// found, of the rest what it reads. Each has headTimeout of its own: all of them
// together may take a node that is far longer, and it must not begin again for ever.
func (d *Directory) apply(c Change, found present) error {
	ctx, cancel := context.WithTimeout(context.Background(), headTimeout)
	defer cancel()
	switch c.TargetType {
	case apicred.TargetCredential:
		return d.applyCredential(ctx, c, found.credentials)
	case apicred.TargetUser:
		return d.applyUser(ctx, c.Change, c.AccountID, c.TargetID)
	case apicred.TargetAccount:
		return d.applyAccount(ctx, c.TargetID)
	case apicred.TargetCatalogue:
		document, version, err := d.store.Catalogue(ctx)
		if err != nil {
			return err
		}
		compiled := apicred.Compile(document, ManagementAudience(d.options.Issuer), version)
		after := newLandscape(compiled)
		before := d.current.Load().land.Swap(after)
		d.noteCatalogue(c.Change, before, after)
		return nil
	case apicred.TargetSigningKey:
		now := d.options.Clock()
		d.journal.add(now, note{change: c.Change, at: now.Unix(), kind: noteKey, text: c.TargetID})
		return d.reloadKeys(ctx)
	case apicred.TargetToken:
		d.applyRevokedToken(c, found.revoked)
	case apicred.TargetSession, apicred.TargetAuditLog:
	}
	return nil // nothing here depends on it
}

func (d *Directory) applyCredential(ctx context.Context, c Change, found map[string]FoundCredential) error {
	t := d.current.Load()
	record, there := found[c.TargetID]
	var e held
	err := record.Fault
	if there && err == nil {
		e, err = t.entryOf(&record.CredentialRecord, d.hasher)
	}
	if !e.known() {
		// Gone, or not understood. Then the old state cannot be trusted any
		// more; and one broken row must not stop this node from following.
		if err != nil {
			d.options.Logger.ErrorContext(ctx, "a credential cannot be used and was left out", slog.String("client_id", c.TargetID), slog.Any("cause", cause(err)))
		}
		if id, ok := parseUID(c.TargetID); ok {
			d.noteChange(c.Change, t.find(id), held{})
			t.remove(id)
		}
		return nil
	}
	if t.accountOf(e) == nil {
		if err := d.applyAccount(ctx, record.Credential.AccountID); err != nil {
			return err
		}
	}
	if e.owner != 0 && t.ownerOf(e) == nil {
		if err := d.applyUser(ctx, c.Change, record.Credential.AccountID, record.Credential.OwnerID); err != nil {
			return err
		}
	}
	if t.accountOf(e) != nil { // else it vanished together with its account
		before := t.find(e.id)
		t.put(e)
		d.noteChange(c.Change, before, e)
	}
	return nil
}

// applyRevokedToken also meets people-tokens that were minted: they are in no
// list.
func (d *Directory) applyRevokedToken(c Change, found map[string]RevokedToken) {
	r, there := found[c.TargetID]
	if !there {
		return
	}
	if revoked := &d.current.Load().revoked; revoked.add(&r) {
		denied, _ := revoked.find(r.JTI)
		now := d.options.Clock()
		d.journal.add(now, noteOfToken(r.JTI, denied, c.Change, now))
	}
}

func (d *Directory) applyUser(ctx context.Context, change int64, accountID, userID string) error {
	cell := d.current.Load().memberCell(accountID, userID)
	u, err := d.store.User(ctx, accountID, userID)
	var after *Member
	switch {
	case apicred.IsKind(err, apicred.KindNotFound):
	case err != nil:
		return err
	default:
		after = memberOf(&u)
	}
	before := cell.now.Swap(after)
	if before != nil && (after == nil || *before != *after) {
		d.noteEntries(change, func(e held) bool { return e.owner == cell.number })
	}
	return nil
}

func (d *Directory) applyAccount(ctx context.Context, accountID string) error {
	a, err := d.store.Account(ctx, accountID)
	if apicred.IsKind(err, apicred.KindNotFound) {
		return nil // accounts are not deleted; a change that was rolled back never shows here
	}
	if err != nil {
		return err
	}
	d.current.Load().accountCell(accountID).now.Store(&a)
	return nil
}
