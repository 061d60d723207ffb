import { assertEquals, assertThrows } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import { CdbError } from "../../lib/cdb/reader.ts";
import { badRcptTo } from "../../lib/policy/badrcptto.ts";
import { classicEntries } from "../../lib/policy/control_list.ts";
import {
  knownRecipients,
  recipientKeys,
  recipientList,
} from "../../lib/policy/recipients.ts";
import { inFolder, needing, output } from "../support/peers.ts";
import { question } from "../support/question.ts";

const entries = [
  "# people",
  "Anne@Example.com  ",
  "list-default@example.com",
  "@catchall.example",
  "bob",
];

const known: Record<string, boolean> = {
  "anne@example.com": true,
  "ANNE@EXAMPLE.COM": true,
  "anne+news@example.com": true,
  "anne+a+b@example.com": true,
  "anne-news@example.com": false,
  "+anne@example.com": false,
  "anne@other.example": false,
  "xanne@example.com": false,
  "anne": false,
  "list-owner@example.com": true,
  "list-a-b@example.com": true,
  "list-a+b@example.com": true,
  "list@example.com": false,
  "-default@example.com": false,
  "who@catchall.example": true,
  "a@b@catchall.example": true,
  "who@sub.catchall.example": false,
  "@catchall.example": true,
  "bob": true,
  "Bob@any.example": true,
  "bob+x@any.example": true,
  "bobby@any.example": false,
  "postmaster": true,
  "PostMaster@any.example": true,
  "nobody@example.com": false,
  "# people": false,
  "": false,
  "@": false,
};

Deno.test("knownRecipients() refuses who is not listed, 550 5.1.1", async () => {
  const policy = knownRecipients(
    recipientList("/list", toBytes(entries.join("\n") + "\n")),
  );
  for (const [recipient, listed] of Object.entries(known)) {
    const answer = await policy(question({ recipient }));
    assertEquals(answer.type, listed ? "accept" : "never", recipient);
    if (answer.type === "never") {
      assertEquals([answer.code, answer.enhanced], [550, "5.1.1"]);
    }
  }
});

Deno.test(
  needing({ peers: ["cdb"] }, "knownRecipients() by a cdb of the same keys"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/recipients.cdb`;
      const records = entries.slice(1).map((entry) => {
        const key = entry.trim().toLowerCase();
        return `+${key.length},1:${key}->1\n`;
      });
      const made = await output("cdb", ["-c", path], {
        stdin: records.join("") + "\n",
      });
      assertEquals(made.code, 0, made.stderr);
      const policy = knownRecipients(
        recipientList(path, await Deno.readFile(path)),
      );
      for (const [recipient, listed] of Object.entries(known)) {
        const answer = await policy(question({ recipient }));
        assertEquals(answer.type, listed ? "accept" : "never", recipient);
      }
    }),
);

Deno.test("knownRecipients() defers when its cdb is corrupt", async () => {
  for (const bytes of [toBytes("short"), new Uint8Array(2048)]) {
    assertThrows(() => recipientList("x.cdb", bytes), CdbError);
  }
  const policy = knownRecipients(() => {
    throw new CdbError("damaged");
  });
  const answer = await policy(question());
  assertEquals([answer.type, "code" in answer && answer.code], ["later", 451]);
  const postmaster = await policy(question({ recipient: "postmaster@a.b" }));
  assertEquals(postmaster.type, "accept");
});

Deno.test("recipientKeys() are few, whatever the address is", () => {
  assertEquals(recipientKeys("A-B+c@D"), [
    "a-b+c",
    "a-b",
    "a-default",
    "a-b+c@d",
    "a-b@d",
    "a-default@d",
    "@d",
  ]);
  assertEquals(recipientKeys("a+b@c").slice(0, 2), ["a+b", "a"]);
  // What begins with a plus or a dash extends nobody's name.
  assertEquals(recipientKeys("+a@b"), ["+a", "+a@b", "@b"]);
  assertEquals(recipientKeys("-a@b"), ["-a", "-a@b", "@b"]);
  assertEquals(recipientKeys("-".repeat(900)).length, 900);
});

Deno.test("badRcptTo() refuses listed addresses and @domains, 553 5.7.1", async () => {
  const policy = badRcptTo(
    classicEntries("spam@trap.example\n@Closed.example\n"),
  );
  const cases: Record<string, string> = {
    "SPAM@trap.example": "never",
    "ham@trap.example": "accept",
    "x@closed.EXAMPLE": "never",
    "x@a.closed.example": "accept",
    "": "accept",
  };
  for (const [recipient, type] of Object.entries(cases)) {
    const answer = await policy(question({ recipient }));
    assertEquals(answer.type, type, recipient);
    if (answer.type !== "accept") assertEquals(answer.code, 553);
  }
});

Deno.test("badRcptTo() leaves out our postmaster, unless it is he who is meant", async () => {
  const policy = badRcptTo(
    classicEntries("@a.example\n@b.example\npostmaster@b.example\n"),
    (recipient) => /^postmaster@[ab]\./i.test(recipient),
  );
  const cases: Record<string, string> = {
    "x@a.example": "never",
    "Postmaster@a.example": "accept",
    "Postmaster@b.example": "never",
  };
  for (const [recipient, type] of Object.entries(cases)) {
    assertEquals((await policy(question({ recipient }))).type, type, recipient);
  }
});
