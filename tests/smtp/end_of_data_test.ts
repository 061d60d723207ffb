/**
 * Only CRLF.CRLF ends a message. Each form that some server takes for an end,
 * or made one of when it sent a message on, is tried whole and split at every
 * byte (CVE-2023-51764, -51765, -51766, CVE-2023-52354).
 *
 * Where a bare LF is let pass it ends a line, and nothing else.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  forms,
  lfForms,
  printable,
  smuggled,
  transaction,
} from "./end_of_data_forms.ts";
import { run, testConfig } from "./run.ts";

/** The input whole, and in two pieces, at every place. */
function* cuts(input: string): Generator<string[]> {
  yield [input];
  for (let at = 1; at < input.length; at++) {
    yield [input.slice(0, at), input.slice(at)];
  }
  yield [...input];
}

/** A message without its trace lines. */
function textOf(message: string): string {
  return message.replace(/^Received: .*\n.*\n/, "");
}

for (const [form, kept] of Object.entries(forms)) {
  const input = `${transaction}text${form}${smuggled}.\r\nQUIT\r\n`;

  Deno.test(`default: ${printable(form)} is refused, and the client cut off`, () => {
    for (const cut of cuts(input)) {
      const { replies, exitCode, stored, abandoned } = run(testConfig, cut);
      const after = replies.split("354 go ahead\r\n")[1];
      assertEquals(/^554 5\.6\.0 [^\r\n]*\r\n$/.test(after), true, after);
      assertEquals({ exitCode, stored, abandoned }, {
        exitCode: 1,
        stored: [],
        abandoned: 1,
      });
    }
  });

  Deno.test(`classic: ${printable(form)} is ${kept ? "text" : "refused"}`, () => {
    for (const cut of cuts(input)) {
      const config = { ...testConfig, classic: true };
      const { replies, exitCode, stored } = run(config, cut);
      const after = replies.split("354 go ahead\r\n")[1];
      if (kept === null) {
        assertEquals(after, "451 See https://cr.yp.to/docs/smtplf.html.\r\n");
        assertEquals({ exitCode, stored }, { exitCode: 1, stored: [] });
      } else {
        assertEquals(after.match(/^\d+/gm), ["250", "221"]);
        assertEquals(
          textOf(stored[0].message),
          `text${kept}${smuggled.replaceAll("\r\n", "\n")}`,
        );
        assertEquals({ exitCode, n: stored.length }, { exitCode: 0, n: 1 });
      }
    }
  });
}

const afterCr = `${transaction}text\r\r\n.\r\nNOOP\r\nQUIT\r\n`;

Deno.test("default: CR before CRLF.CRLF is refused", () => {
  for (const cut of cuts(afterCr)) {
    const { replies, exitCode, stored } = run(testConfig, cut);
    assertEquals(
      replies.endsWith("554 5.6.0 the message holds a CR without its LF\r\n"),
      true,
    );
    assertEquals({ exitCode, stored }, { exitCode: 1, stored: [] });
  }
});

Deno.test("classic: CR before CRLF.CRLF is text, and then it is the end", () => {
  for (const cut of cuts(afterCr)) {
    const config = { ...testConfig, classic: true };
    const { replies, exitCode, stored } = run(config, cut);
    assertEquals(replies.match(/^\d+/gm)?.slice(-3), ["250", "250", "221"]);
    assertEquals(
      stored[0].message.endsWith("SMTP; 24 Nov 2026 08:12:19 -0000\ntext\r\n"),
      true,
    );
    assertEquals(exitCode, 0);
  }
});

/** Every string of so many of the alphabet's characters. */
function* strings(alphabet: string, length: number): Generator<string> {
  if (length === 0) yield "";
  else {
    for (const start of strings(alphabet, length - 1)) {
      for (const char of alphabet) yield start + char;
    }
  }
}

/** What should be made of text and its end: null if it is refused. */
function expected(text: string, fault: RegExp): string | null {
  const whole = `\r\n${text}\r\n.\r\n`;
  const body = whole.slice(2, whole.indexOf("\r\n.\r\n") + 2);
  if (fault.test(body)) return null;
  return body.replace(/(?<=^|\n)\./g, "").replaceAll("\r\n", "\n");
}

const normalizing = { ...testConfig, lfEndsLines: true };

for (
  const [mode, config, fault] of [
    ["default", testConfig, /\0|\r(?!\n)|(?<!\r)\n/],
    ["normalizing", normalizing, /\0|\r(?!\n)/],
  ] as const
) {
  Deno.test(`${mode}: any text of up to six CR, LF, dot, NUL, x is framed so`, () => {
    for (const length of [0, 1, 2, 3, 4, 5, 6]) {
      for (const text of strings("\r\n.\0x", length)) {
        const input = `${transaction}${text}\r\n.\r\nQUIT\r\n`;
        const { stored } = run(config, [input]);
        const [message = null] = stored.map((each) => textOf(each.message));
        assertEquals(message, expected(text, fault), printable(text));
      }
    }
  });
}

for (const form of lfForms) {
  const input = `${transaction}text${form}${smuggled}.\r\nQUIT\r\n`;

  Deno.test(`normalizing: ${printable(form)} is text without its dot`, () => {
    for (const cut of cuts(input)) {
      const { replies, exitCode, stored } = run(normalizing, cut);
      const after = replies.split("354 go ahead\r\n")[1];
      assertEquals(after.match(/^\d+/gm), ["250", "221"]);
      assertEquals(
        stored.map((each) => textOf(each.message)),
        [`text\n\n${smuggled.replaceAll("\r\n", "\n")}`],
      );
      assertEquals(exitCode, 0);
    }
  });
}

Deno.test("normalizing: in a chunk too", () => {
  const [, , to] = transaction.split(/(?<=\n)/);
  const start = transaction.slice(0, transaction.indexOf(to) + to.length);
  for (const cut of cuts(`${start}BDAT 8 LAST\r\na\n.\r\nb\n\nQUIT\r\n`)) {
    const { stored } = run(normalizing, cut);
    assertEquals(
      stored.map((each) => textOf(each.message)),
      ["a\n.\nb\n\n"],
    );
  }
});

Deno.test("normalizing: not in classic mode", () => {
  const config = { ...normalizing, classic: true };
  const { replies } = run(config, [`${transaction}a\nb\r\n.\r\n`]);
  assertEquals(
    replies.endsWith("451 See https://cr.yp.to/docs/smtplf.html.\r\n"),
    true,
  );
});
