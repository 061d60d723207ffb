/**
 * What ARCHITECTURE.md promises: rooms on floors, pure ones that stay pure,
 * one home for foreign functions, and a page that is true; and a top level as
 * small as it is.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { readTable, violations } from "./support/architecture.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const topLevel = new Set([
  ".ci",
  ".github",
  ".gitignore",
  "ARCHITECTURE.md",
  "CHANGELOG.md",
  "LICENSE",
  "README.ja.md",
  "README.md",
  "SECURITY.md",
  "cmd",
  "deno.json",
  "deno.lock",
  "guides",
  "lib",
  "main.ts",
  "scripts",
  "tests",
]);

const read = (path: string) => Deno.readTextFileSync(`${root}${path}`);
const page = read("ARCHITECTURE.md");
const rooms = readTable(page);

function* modules(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(`${root}${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* modules(path);
    else if (path.endsWith(".ts")) yield path;
  }
}

Deno.test("the table has each room of lib, and no other", () => {
  const there = [...Deno.readDirSync(`${root}lib`)].map(({ name }) => name);
  assertEquals([...rooms.keys()].sort(), there.sort());
});

Deno.test("imports go downstairs, and the pure rooms stay pure", () => {
  const paths = ["main.ts", ...modules("cmd"), ...modules("lib")];
  const found = paths.flatMap((path) => violations(rooms, path, read(path)));
  assertEquals(found, []);
  assert(paths.length > 1, "no modules were found");
});

Deno.test("the check of imports sees what it is there to see", () => {
  const table = readTable(`
| floor | room | what it is for    |
| ----- | ---- | ----------------- |
| 3     | gate | knows no protocol |
| 3     | end  | beside it         |
| 2     | log  | says so           |
| 1     | cdb  | files; pure, but  |
| 1     | sys  | dlopen, impure    |
| 0     | base | bytes; pure       |
`);
  assertEquals(
    [...table].map(([name, { floor, isPure }]) => [name, floor, isPure]),
    [
      ["gate", 3, false],
      ["end", 3, false],
      ["log", 2, false],
      ["cdb", 1, true],
      ["sys", 1, false],
      ["base", 0, true],
    ],
  );
  const bad: [path: string, source: string][] = [
    ["lib/log/a.ts", 'import { x } from "../gate/a.ts";'], // upstairs
    ["lib/gate/a.ts", 'import { x } from "../end/a.ts";'], // the same floor
    ["lib/log/a.ts", 'import type {\n  X,\n} from "../end/a.ts";'],
    ["lib/log/a.ts", 'const m = await import("../gate/a.ts");'],
    ["lib/log/a.ts", 'export * from "../gate/a.ts";'],
    ["lib/log/a.ts", 'import "../../cmd/serve.ts";'],
    ["lib/gate/a.ts", 'import { x } from "../attic/a.ts";'], // no such room
    ["lib/attic/a.ts", 'import { x } from "../base/a.ts";'],
    ["lib/gate/a.ts", 'import { x } from "../../tests/support/assert.ts";'],
    ["lib/gate/a.ts", 'if (port === "smtp") greet();'],
    ["lib/gate/a.ts", "class SmtpGate {}"],
    ["lib/log/a.ts", 'Deno.dlopen("libc.so.6", {});'],
    ["lib/base/a.ts", "Deno.readFileSync(path);"],
    ["lib/base/a.ts", "const now = Date.now();"],
    ["lib/cdb/a.ts", 'import { open } from "node:fs";'],
    ["cmd/a.ts", 'import { x } from "../main.ts";'],
    ["cmd/a.ts", 'import { x } from "../scripts/build.ts";'],
    ["main.ts", 'import { x } from "./tests/support/gate.ts";'],
  ];
  for (const [path, source] of bad) {
    const found = violations(table, path, source);
    assertEquals(found.length, 1, `${path}: ${source} ${found}`);
  }
  const impureBelow = new Map([...table, ["cdb", { floor: 2, isPure: true }]]);
  assertEquals(
    violations(impureBelow, "lib/cdb/a.ts", 'import "../sys/a.ts";').length,
    1,
  );
  const good: [path: string, source: string][] = [
    ["lib/gate/a.ts", 'import type { X } from "../log/a.ts";'],
    ["lib/gate/a.ts", 'import { x } from "./b.ts"; // as in SMTP'],
    ["lib/sys/a.ts", 'Deno.dlopen("libc.so.6", {});'],
    ["lib/base/a.ts", '// import { x } from "../sys/a.ts"; Deno'],
    ["lib/base/a.ts", 'import { isIP } from "node:net";'],
    ["lib/cdb/file.ts", "Deno.renameSync(from, to);"],
    ["lib/cdb/a.ts", 'import { x } from "../base/a.ts";'],
    ["cmd/a.ts", 'import { x } from "../lib/gate/a.ts";'],
    ["main.ts", 'const run = () => import("./cmd/serve.ts");'],
    ["tests/a_test.ts", 'import { build } from "../scripts/build.ts";'],
  ];
  for (const [path, source] of good) {
    assertEquals(violations(table, path, source), [], `${path}: ${source}`);
  }
});

Deno.test("what ARCHITECTURE.md names is there", () => {
  const paths = page.matchAll(/`((?:cmd|lib|scripts|tests)\/[\w./-]+)`/g);
  const missing = [...paths].map(([, path]) => path).filter((path) => {
    try {
      return !Deno.statSync(`${root}${path}`);
    } catch {
      return true;
    }
  });
  assertEquals(missing, []);
  // `Name` in `file`: it exports something of that name.
  const words = [...page.matchAll(/`(\w+)` in `([\w/]+\.ts)`/g)];
  const strangers = words.filter(([, name, path]) =>
    !new RegExp(`^export [\\w ]*\\b${name}\\b`, "m").test(read(path))
  );
  assertEquals(strangers.map(([text]) => text), []);
  assert(words.length > 0, "no words were found");
});

Deno.test("nothing new stands at the top level", async () => {
  const git = await new Deno.Command("git", {
    args: ["-c", "safe.directory=*", "ls-files", "-z"],
    cwd: root,
  }).output();
  assert(git.success, new TextDecoder().decode(git.stderr));
  const files = new TextDecoder().decode(git.stdout).split("\0")
    .filter((name) => name);
  const strangers = new Set(
    files.map((name) => name.split("/")[0])
      .filter((name) => !topLevel.has(name)),
  );
  assertEquals([...strangers], []);
  assert(files.length > 0, "git lists no files");
});
