/**
 * Options whose values have paths in them say how these are named from / on.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { syntax as serve } from "../../cmd/serve_options.ts";
import { syntax as smtpd } from "../../cmd/smtpd/syntax.ts";
import { absolutePath } from "../../lib/base/path.ts";
import { spellingsIn } from "../../lib/cli/command_line.ts";
import { absoluteText } from "../../lib/cli/paths.ts";
import { path } from "../../lib/cli/readers.ts";

/** What values are called that may be, or have in them, a path. */
const pathWords = [
  ...["file", "dir", "path", "cdb", "program", "target", "mailbox"],
  ...["domain=target", "address", "place"],
];

Deno.test("each option with a path in it can be named from / on", () => {
  for (const syntax of [serve, smtpd]) {
    for (const { long, value, read, fromFolder } of spellingsIn(syntax)) {
      // The place of --metrics has to be from / on already.
      if (!value || !pathWords.includes(value) || long === "metrics") continue;
      assert(read === path || fromFolder !== undefined, `--${long}`);
    }
  }
});

Deno.test("absolutePath() keeps what is from / on, and what .. means", () => {
  for (
    const [text, wanted] of [
      ["/a", "/a"],
      ["a", "/f/a"],
      ["./a", "/f/a"],
      [".//./a/", "/f/a/"],
      ["../a", "/f/../a"],
      [".", "/f/"],
      ["", ""],
    ]
  ) assertEquals(absolutePath(text, "/f"), wanted);
  assertEquals(absolutePath("a", "/"), "/a");
});

Deno.test("absoluteText() leaves what is no path", () => {
  const spellings = spellingsIn(smtpd);
  const absolute = (long: string, text: string) =>
    absoluteText(text, spellings.find((each) => each.long === long)!, "/f");
  for (
    const [long, text, wanted] of [
      ["rcpthosts", "a.example,b.example", null],
      ["rcpthosts", "./list", "/f/list"],
      ["deliver", "discard", null],
      ["deliver", "qmail-queue", null],
      ["deliver", "qmail-queue:q", "qmail-queue:/f/q"],
      ["relay", "smtp:mx.example:25", null],
      ["mail-log", "stderr", null],
      ["mail-log", "syslog:/dev/log", null],
      ["mail-log", "log", "/f/log"],
      ["policy", "127.0.0.1:10023", null],
      ["policy", "./socket", "unix:/f/socket"],
      ["postmaster", "ann@a.example", null],
      ["postmaster", "maildir:./P", "/f/P"],
      ["checkpassword", "checkpassword true", null],
      ["checkpassword", "./check true", "/f/check true"],
    ] as const
  ) assertEquals(absolute(long, text), wanted ?? text, `${long} ${text}`);
});
