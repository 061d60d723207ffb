import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MailboxPath } from "../../lib/deliver/mailbox.ts";
import { runs } from "../support/random.ts";

const template = "/var/mail/{domain}/{user%+}/Maildir";

Deno.test("a recipient's mailbox is where the template says", () => {
  const cases: [string, string, string | null][] = [
    [template, "Ann+news@Example.ORG", "/var/mail/example.org/ann/Maildir"],
    [template, "ann", "/var/mail/host.example/ann/Maildir"],
    [template, "a@b@c.example", "/var/mail/c.example/a@b/Maildir"],
    [template, "+x@c.example", null],
    [template, "@c.example", null],
    [template, "a@", null],
    [template, ".@c.example", null],
    [template, "..@c.example", null],
    [template, ".hidden@c.example", null],
    [template, "a@..", null],
    [template, "a/b@c.example", null],
    [template, "a@c/../d", null],
    [template, "a\0b@c.example", null],
    [template, "a\nb@c.example", null],
    [template, "a\x7f@c.example", null],
    [template, `${"a".repeat(256)}@c.example`, null],
    [template, "\xff@c.example", null], // no UTF-8
    [template, "\xc3\xa9@c.example", "/var/mail/c.example/\u00e9/Maildir"],
    // Not taken for a mark of the encoding, or two would have one mailbox.
    ["{user}/Maildir", "\xef\xbb\xbfann@c", "\ufeffann/Maildir"],
    ["/m/{user}@{domain}", "Ann+x@C", "/m/ann+x@c"],
    ["/m/{user%-}", "ann-x-y@c", "/m/ann"],
    ["/m/{user}", `${"a".repeat(255)}@c`, `/m/${"a".repeat(255)}`],
    ["/m/x{user}", `${"a".repeat(255)}@c`, null],
    ["./Maildir", "../../etc@x", "./Maildir"],
    ["/m/{user}", "$&$1@c", "/m/$&$1"],
  ];
  for (const [text, recipient, path] of cases) {
    assertEquals(
      new MailboxPath(text).of(recipient, "host.example")?.path ?? null,
      path,
      `${recipient} in ${text}`,
    );
  }
});

Deno.test("a path may be as long as Linux takes one, and not longer", () => {
  const folders = `/${"x".repeat(200)}`.repeat(20); // 4020 bytes
  const path = (bytes: number) =>
    new MailboxPath(`${folders}/{user}`).of("a".repeat(bytes), "h")?.path;
  assertEquals(path(4095 - 4021)?.length, 4095);
  assertEquals(path(4096 - 4021), undefined);
});

Deno.test("a mailbox is there if the folder of its user is", () => {
  const base = (text: string) => new MailboxPath(text).of("a@b", "h")?.base;
  assertEquals(base(template), "/var/mail/b/a");
  assertEquals(base("/home/{user}/mail/Maildir"), "/home/a");
  assertEquals(base("{user}"), "a");
  assertEquals(base("./Maildir"), null);
});

Deno.test("no recipient leaves the root, whatever its bytes are", () => {
  const path = new MailboxPath("/root/{domain}/{user%-}/Maildir");
  const byte = fc.integer({ min: 0, max: 255 }).map((code) =>
    String.fromCharCode(code)
  );
  const nasty = fc.constantFrom(".", "..", "/", "@", "\0", "-", "%2e", "\\");
  fc.assert(
    fc.property(
      fc.array(fc.oneof(byte, nasty, fc.constant("a")), { maxLength: 12 }),
      (pieces) => {
        const box = path.of(pieces.join(""), "host");
        if (box === null) return;
        const parts = box.path.split("/");
        assertEquals(parts.length, 5);
        assertEquals([parts[1], parts[4]], ["root", "Maildir"]);
        for (const part of parts.slice(1)) {
          assert(part !== "" && !part.startsWith("."), box.path);
          // deno-lint-ignore no-control-regex
          assert(!/[\x00-\x1f\x7f]/.test(part));
        }
      },
    ),
    { numRuns: runs(20_000, 2000) },
  );
});

Deno.test("a template that makes no sense is refused", () => {
  for (const bad of ["", "/m/{usr}", "/m/{user", "/m/{user%}", "/m/{user%/}"]) {
    assertThrows(() => new MailboxPath(bad), Error);
  }
  assertEquals(new MailboxPath(template).root, "/var/mail");
  assertEquals(new MailboxPath("/{user}").root, "/");
  assertEquals(new MailboxPath("{user}").root, ".");
  assertEquals(new MailboxPath("/a/m").root, "/a/m");
});

Deno.test("a folder of a mailbox is a Maildir in it", () => {
  const path = (template: string) =>
    new MailboxPath(template).of("ann@c.example", "h")!.folder(".Junk").path;
  assertEquals(path("/var/mail/{user}/Maildir"), "/var/mail/ann/Maildir/.Junk");
  assertEquals(path("{user}/Maildir"), "ann/Maildir/.Junk");
  assertEquals(path("/srv/Maildir"), "/srv/Maildir/.Junk");
  assertEquals(path("/srv/Maildir/"), "/srv/Maildir/.Junk");
  assertEquals(path("./Maildir"), "./Maildir/.Junk");
});
