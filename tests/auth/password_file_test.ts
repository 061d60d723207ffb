import { assert, assertEquals } from "@std/assert";
import { scryptSync } from "node:crypto";
import { fromBytes } from "../../lib/base/bytes.ts";
import type { Work } from "../../lib/auth/scrypt.ts";
import type { Helper } from "../../lib/helper/helper.ts";
import type { Question } from "../../lib/helper/question.ts";
import {
  hashPassword,
  hasPassword,
  parseHash,
  passwordFileFaults,
} from "../../lib/auth/password_file.ts";

const checking = { client: "192.0.2.1", complain() {} };

Deno.test("a password is right for its user alone", async () => {
  const file = `# ann:x\nann:${await hashPassword("p\xe4ss")}\nbob:nonsense\n`;
  const complaints: string[] = [];
  const has = (user: string, password: string) =>
    hasPassword(file, { user, password }, {
      client: "192.0.2.1",
      complain: (what) => complaints.push(what),
    });
  assertEquals(await has("ann", "p\xe4ss"), true);
  assertEquals(await has("ann", "p\xe4s"), false);
  assertEquals(await has("an", "p\xe4ss"), false);
  assertEquals(await has("# ann", "x"), false);
  assertEquals(complaints, []);
  assertEquals(await has("bob", "x"), false);
  assertEquals(complaints, ['the line of "bob" has no scrypt hash']);
});

Deno.test("parseHash() takes what can be borne, and nothing else", () => {
  const key = "A".repeat(43), salt = "B".repeat(22);
  assert(parseHash(`$scrypt$ln=15,r=8,p=3$${salt}$${key}`));
  assert(parseHash(`$scrypt$ln=14,r=8,p=1$${salt}$${key}=`));
  for (
    const text of [
      "",
      "plain",
      `$scrypt$ln=30,r=8,p=1$${salt}$${key}`, // 1 TB
      `$scrypt$ln=0,r=8,p=1$${salt}$${key}`,
      `$scrypt$ln=15,r=8,p=3$${salt}$AAAA`,
      `$scrypt$ln=15,r=8,p=3$${salt}`,
      `$argon2id$v=19$m=65536,t=3,p=4$${salt}$${key}`,
    ]
  ) assertEquals(parseHash(text), null, text);
});

/** A helper that tells what it is asked for, and has no answer. */
function counting(asked: string[]): Helper {
  return {
    ask({ bytes }: Question<unknown>) {
      const { works } = JSON.parse(fromBytes(bytes));
      const costs = (works as Work[]).map(({ cost, keyBytes }) =>
        Object.values(cost).concat(keyBytes).join()
      );
      asked.push(costs.join(" "));
      return Promise.resolve(null);
    },
  } as unknown as Helper;
}

Deno.test("a check is the same work whoever is asked about, and whether he is there", async () => {
  const hash = (cost: string, key = "A".repeat(43)) =>
    `$scrypt$${cost}$${"B".repeat(22)}$${key}`;
  const usual = "15,8,3,32";
  const files: [file: string, works: string][] = [
    ["", usual],
    ["ann:nonsense\nbob:\n", usual],
    [`ann:${hash("ln=4,r=1,p=1")}\nbob:nonsense\n`, "4,1,1,32"],
    [
      `ann:${hash("ln=4,r=1,p=1")}\nbob:${hash("ln=5,r=8,p=1")}\n` +
      `eve:${hash("ln=4,r=1,p=1")}\nkim:nonsense\n`,
      "4,1,1,32 5,8,1,32",
    ],
    [
      `ann:${hash("ln=4,r=1,p=1")}\nbob:${
        hash("ln=4,r=1,p=1", "A".repeat(86))
      }`,
      "4,1,1,32 4,1,1,64",
    ],
    // Nobody is who has a line already, nor who is a comment.
    [
      `ann:${hash("ln=4,r=1,p=1")}\nann:${hash("ln=9,r=1,p=1")}\n` +
      `#bob:${hash("ln=8,r=1,p=1")}\n`,
      "4,1,1,32",
    ],
  ];
  for (const [file, works] of files) {
    const asked: string[] = [];
    const checking = {
      client: "192.0.2.1",
      helper: counting(asked),
      complain() {},
    };
    const users = ["ann", "bob", "eve", "kim", "nobody", "#bob", ""];
    for (const user of users) {
      const credentials = { user, password: "x" };
      assertEquals(await hasPassword(file, credentials, checking), null);
    }
    assertEquals(asked, users.map(() => works), file);
  }
});

Deno.test("a user has the password of his own cost", async () => {
  const file = ["ann", "bob", "eve"].map((user, i) => {
    const cost = { N: 2 ** (i + 1), r: 1, p: 1 };
    const key = scryptSync(user, new Uint8Array(16).fill(i), 32 + i, cost);
    const salt = btoa(fromBytes(new Uint8Array(16).fill(i)));
    return `${user}:$scrypt$ln=${i + 1},r=1,p=1$${salt}$${
      btoa(fromBytes(key))
    }`;
  }).join("\n");
  const users = ["ann", "bob", "eve"];
  for (const user of users) {
    for (const password of users) {
      const right = await hasPassword(file, { user, password }, checking);
      assertEquals(right, user === password);
    }
  }
});

Deno.test("a password file may come from any editor", async () => {
  const salt = new Uint8Array(16);
  const key = scryptSync("word", salt, 32, { N: 2, r: 1, p: 1 });
  const base64 = [salt, key].map((each) => btoa(fromBytes(each)));
  const hash = `$scrypt$ln=1,r=1,p=1$${base64.join("$")}`;
  const file = `\xef\xbb\xbfann:${hash}\r\n bob:${hash} \r\n`;
  for (const user of ["ann", "bob"]) {
    assertEquals(
      await hasPassword(file, { user, password: "word" }, checking),
      true,
    );
  }
});

Deno.test("passwordFileFaults() tells the lines that nobody can log in by", () => {
  const key = "A".repeat(43), salt = "B".repeat(22);
  const hash = `$scrypt$ln=15,r=8,p=3$${salt}$${key}`;
  const remedy = "make one with postern smtpd --hash-password";
  assertEquals(passwordFileFaults(`# a\r\n\nann:${hash}\r\nb c:${hash}\n`), []);
  assertEquals(
    passwordFileFaults(
      `ann:${hash}\nbob\nbob:plain\n:${hash}\nann:${hash}\n#x\n`,
    ),
    [
      "line 2: it is no USER:HASH",
      `line 3: the hash of "bob" is no scrypt hash: ${remedy}`,
      "line 4: it is no USER:HASH",
      'line 5: "ann" is in line 1 already, and that one counts',
    ],
  );
  assertEquals(passwordFileFaults("# nobody\n"), ["nobody is in it"]);
  assertEquals(passwordFileFaults("\x7fELF\0"), ["this is no text"]);
  const many = passwordFileFaults("x\n".repeat(100));
  assertEquals([many.length, many[10]], [11, "90 more of this kind"]);
});
