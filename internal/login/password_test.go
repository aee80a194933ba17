package login_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
)

const (
	goodPassword  = "ninth kettle under the elm"
	otherPassword = "seven lanterns by a dull quay"
)

// firstPassword sets Ada's first password in a session of hers.
func (f *fixture) firstPassword(t *testing.T, text string) error {
	t.Helper()
	session := f.session(t, f.signIn(t))
	return f.ChangePassword(t.Context(), session, login.PasswordChange{New: login.PasswordFrom(text)}, facts())
}

// session reads the session behind a token.
func (f *fixture) session(t *testing.T, token login.SessionToken) login.Session {
	t.Helper()
	session, _, _, err := f.Authenticate(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func TestNewPassword_IsJudgedByLengthAndBlockListAlone(t *testing.T) {
	long := "Rain on 7 tin roofs; "
	for text, message := range map[string]string{
		goodPassword: "", "nothing but lower case words here": "", "847362910582736": "", "%&/()=?!#*+~<>|": "",
		"tqzrvmxkwpdhbns": "", "пятнадцать букв": "", "😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰": "", "correct horse battery stapler": "",
		strings.Repeat(long, 6) + "12": "",

		"": "at least 15", "fourteen chars": "at least 15", "ééééééé äöü": "at least 15",
		strings.Repeat(long, 6) + "123":     "at most 128",
		strings.Repeat("x", 100000):         "at most 128",
		"a tab \t is not typed":             "cannot be typed",
		"nor is a NUL \x00 here":            "cannot be typed",
		"nor \xff bytes that are none":      "cannot be typed",
		"nor what is \U000E1234 unassigned": "cannot be typed",

		"aaaaaaaaaaaaaaaaaa": "repeats a few", "ababbbabaabbabaab": "repeats a few",
		"abcxyzabcxyzabcxyz": "several times", "Kettle Lamp kettle lamp": "several times",
		"Correct Horse Battery Staple": "well-known phrase", "correcthorsebatterystaple1!": "well-known phrase", "To be, or not to be": "well-known phrase",
		"password12345678": "common words", "P@ssw0rd!P@ssw0rd1": "common words", "Welcome-2026-Admin": "common words",
		"qwertyuiopasdfgh": "common words", "1qaz2wsx3edc4rfv": "common words", "abcdefghijklmnop": "common words",
		"0987654321 0987654": "common words", "letmein letmein now": "", "iloveyou princess 1999": "common words", "mnbvcxzlkjhgfdsa": "common words",
		"claviger password": "common words", "Claviger.Admin.2026": "common words",
		"ada@example.com": "common words", "Ada Lovelace 1815": "common words", "lovelace12345678": "common words", "Northwind Care 26": "common words",
	} {
		fault := login.CheckPassword(text, "ada@example.com", "Ada Lovelace", "Northwind Care")
		if message == "" && fault != "" || !strings.Contains(fault, message) {
			t.Errorf("%.60q: got %q, want %q", text, fault, message)
		}
		if fault != "" && len(text) > 5 && strings.Contains(fault, text) {
			t.Errorf("%q is echoed", text)
		}
	}
}

func TestNewPassword_LengthCountsCodePointsAfterNFC(t *testing.T) {
	composed, decomposed := "kétchup 4 gälöi", "ke\u0301tchup 4 ga\u0308lo\u0308i"
	for _, text := range []string{composed, decomposed} {
		if fault := login.CheckPassword(text); fault != "" {
			t.Errorf("%q: %s", text, fault)
		}
	}
	if fault := login.CheckPassword("ke\u0301tchup 4 ga\u0308lo\u0308"); fault == "" {
		t.Error("17 code points that NFC makes 14 passed")
	}
	full := strings.Repeat("o\u0308", 60) + "kettle under the elm, and 8 miles of it, then one more mile a hill!!"
	if fault := login.CheckPassword(full); fault != "" {
		t.Errorf("128 code points after NFC: %s", fault)
	}
}

func TestPasswordHash_ComparesTheWholePassword(t *testing.T) {
	stem := "seventy-two bytes are where some hashes stop to read what people enter.."
	if len(stem) != 72 {
		t.Fatal(len(stem))
	}
	long := stem + strings.Repeat(" and so on", 5) + "!!!!!?"
	if n := len(long); n != 128 {
		t.Fatal(n)
	}
	text := login.HashText(t, long)
	for entered, want := range map[string]bool{
		long: true, stem: false, long[:127]: false, long + "?": false, strings.ToUpper(long[:1]) + long[1:]: false,
		long + " ": false, long + "\x00": false, strings.Repeat("x", 1<<20): false, "": false,
	} {
		if got := login.HashFits(t, text, entered); got != want {
			t.Errorf("%d characters: fits %t", len(entered), got)
		}
	}
}

func TestPasswordHash_HasSaltAndParametersInPHC(t *testing.T) {
	one, two := login.HashText(t, goodPassword), login.HashText(t, goodPassword)
	if one == two || !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(one, goodPassword) {
		t.Errorf("%s\n%s", one, two)
	}
	if login.HashFits(t, one, strings.ToUpper(goodPassword)) || !login.HashFits(t, one, goodPassword) {
		t.Error("fits what it should not, or not what it should")
	}
}

// RFC 9106 names no PHC vector; this one was made with the reference tool's
// parameters and is what x/crypto gives for them.
func FuzzDecodeHash(f *testing.F) {
	good := "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, seed := range []string{
		good, "", "$", "$argon2id$v=19$m=19456,t=2,p=1$$", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=19456", "m=4294967295", 1), strings.Replace(good, "t=2", "t=0", 1), strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "m=19456", "m=+19456", 1), strings.Replace(good, "t=2", "t=02", 1), good + "=", good + "$", good[:len(good)-1] + "B",
		strings.Replace(good, "m=19456,t=2", "t=2,m=19456", 1),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		again, memory, err := login.DecodeAndEncode(text)
		if err == nil && again != text {
			t.Errorf("%q has a second spelling %q", text, again)
		}
		if err == nil && memory > 1<<20 {
			t.Errorf("%q asks for %d KiB", text, memory)
		}
		if err != nil && text == good {
			t.Error("our own is refused")
		}
	})
}

func FuzzNewPassword(f *testing.F) {
	for _, seed := range []string{goodPassword, "password", "", "\xff\xfe", "P@ssw0rd!P@ssw0rd1", strings.Repeat("qwerty1", 18), strings.Repeat("o\u0308", 128)} {
		f.Add(seed, "ada@example.com")
	}
	f.Fuzz(func(t *testing.T, text, about string) {
		fault := login.CheckPassword(text, about)
		if len(text) < login.MinPasswordLength && fault == "" {
			t.Errorf("%q passed", text)
		}
		if login.CheckPassword(text, about) != fault {
			t.Errorf("%q is judged otherwise the second time", text)
		}
	})
}

func TestPasswords_CannotBePrinted(t *testing.T) {
	p := login.PasswordFrom(goodPassword)
	form := login.PasswordForm{Email: "ada@example.com", Password: p}
	change := login.PasswordChange{Current: p, New: p}
	stored := login.StoredPassword{Sealed: []byte(goodPassword)}
	for _, v := range []any{p, &p, form, change, login.LinkForm{Password: p}, stored, login.BrowserTokenFrom(goodPassword)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			if out := fmt.Sprintf(verb, v); strings.Contains(out, "kettle") || strings.Contains(out, "6b6574746c65") || strings.Contains(out, "0x6b, 0x65") {
				t.Errorf("%s of %T prints %s", verb, v, out)
			}
		}
	}
}

func TestChangePassword_EndsOtherSessionsAndLinksAndIsAudited(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleSupervisor)
	one, other := f.signInTwice(t)
	link := f.signInLink(t)
	session := f.session(t, one)
	if err := f.ChangePassword(t.Context(), session, login.PasswordChange{New: login.PasswordFrom(goodPassword)}, facts()); err != nil {
		t.Fatal(err)
	}
	if again := f.session(t, one); again.AuthenticatedBy != login.ProofOperatorLink {
		t.Errorf("proved by %s", again.AuthenticatedBy)
	}
	_, _, _, err := f.Authenticate(t.Context(), other)
	wantKind(t, err, apicred.KindUnauthenticated)
	_, _, err = f.Consume(t.Context(), link.Token, login.LinkForm{}, facts())
	wantKind(t, err, apicred.KindNotFound)
	event := f.events(t)[0]
	if event.Action != "user.password_set" || event.TargetID != ada || event.ActorID != ada || string(event.After) != `{"first":true,"sessions_ended":1}` || event.Address != "192.0.2.7" {
		t.Errorf("%+v", event)
	}
	state, err := f.PasswordState(t.Context(), person())
	if err != nil || !state.Set || !state.SignIn || !state.ChangedAt.Equal(f.clock()) {
		t.Errorf("%+v %v", state, err)
	}
}

func person() apicred.Actor {
	return apicred.Actor{Type: apicred.ActorUser, ID: ada, UserID: ada, AccountID: operatorAccount, Unlimited: true, Address: "192.0.2.7"}
}
