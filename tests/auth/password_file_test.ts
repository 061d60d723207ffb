import { assert, assertEquals, assertRejects } from "@std/assert";
import { scryptSync } from "node:crypto";
import { fromBytes } from "../../lib/base/bytes.ts";
import {
  hashPassword,
  hasPassword,
  parseHash,
  passwordFileFaults,
} from "../../lib/auth/password_file.ts";

Deno.test("a password is right for its user alone", async () => {
  const file = `# ann:x\nann:${await hashPassword("p\xe4ss")}\nbob:nonsense\n`;
  const has = (user: string, password: string) =>
    hasPassword(file, { user, password });
  assertEquals(await has("ann", "p\xe4ss"), true);
  assertEquals(await has("ann", "p\xe4s"), false);
  assertEquals(await has("an", "p\xe4ss"), false);
  assertEquals(await has("# ann", "x"), false);
  await assertRejects(() => has("bob", "x"), Error, "no scrypt hash");
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

Deno.test("who guesses passwords does not keep others waiting for ever", async () => {
  const file = `ann:$scrypt$ln=1,r=1,p=1$${"B".repeat(22)}$${"A".repeat(43)}\n`;
  const tries = Array.from(
    { length: 40 },
    () => hasPassword(file, { user: "ann", password: "x" }),
  );
  const results = await Promise.allSettled(tries);
  const refused = results.filter(({ status }) => status === "rejected");
  assertEquals(refused.length, 40 - 16);
  assertEquals(await hasPassword(file, { user: "ann", password: "x" }), false);
});

Deno.test("a password file may come from any editor", async () => {
  const salt = new Uint8Array(16);
  const key = scryptSync("word", salt, 32, { N: 2, r: 1, p: 1 });
  const base64 = [salt, key].map((each) => btoa(fromBytes(each)));
  const hash = `$scrypt$ln=1,r=1,p=1$${base64.join("$")}`;
  const file = `\xef\xbb\xbfann:${hash}\r\n bob:${hash} \r\n`;
  for (const user of ["ann", "bob"]) {
    assertEquals(await hasPassword(file, { user, password: "word" }), true);
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
