/**
 * What the layout promises: main -> cmd -> lib, the pure parts stay pure,
 * foreign functions have one home, and the top level stays as small as it is.
 *
 * @module
 */
import { assertEquals } from "@std/assert";

const root = new URL("..", import.meta.url).pathname;

const topLevel = new Set([
  ".ci",
  ".github",
  ".gitignore",
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "SECURITY.md",
  "cmd",
  "deno.json",
  "deno.lock",
  "lib",
  "main.ts",
  "scripts",
  "tests",
]);

const pure = ["cdb", "rules", "smtp"];
const effectful = ["gate", "deliver", "net", "sys"];

/** Blanks the comments, leaving strings as they are. */
function withoutComments(source: string): string {
  const token =
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return source.replace(token, (_, text) => text ?? " ");
}

/** The specifiers that a module imports, statically, dynamically or for types. */
function importsOf(source: string): string[] {
  const pattern =
    /(?:\bfrom|^\s*import|\bimport\s*\(|;\s*import)\s*["']([^"']+)["']/gm;
  return [...withoutComments(source).matchAll(pattern)].map((found) =>
    found[1]
  );
}

/** The path, from the root, of what a module imports; undefined for packages. */
function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

/** What is wrong with one module, if anything. */
function violations(path: string, source: string): string[] {
  const found: string[] = [];
  const [top, part] = path.split("/");
  for (const specifier of importsOf(source)) {
    const target = resolve(path, specifier);
    if (target === undefined) continue;
    const [toTop, toPart] = target.split("/");
    const say = (why: string) =>
      found.push(`${path} imports ${target}: ${why}`);
    if (target === "main.ts") say("nothing imports main.ts");
    if (top === "lib" && toTop === "cmd") say("lib never imports cmd");
    if (
      ["main.ts", "cmd", "lib"].includes(top) &&
      ["tests", "scripts"].includes(toTop)
    ) {
      say("the program needs nothing of tests and scripts");
    }
    if (
      top === "lib" && pure.includes(part) &&
      toTop === "lib" && effectful.includes(toPart)
    ) {
      say(`lib/${part} stays pure`);
    }
  }
  if (
    ["main.ts", "cmd", "lib"].includes(top) &&
    !path.startsWith("lib/sys/") &&
    /\bdlopen\b/.test(withoutComments(source))
  ) {
    found.push(`${path} uses dlopen: its only home is lib/sys`);
  }
  return found;
}

function* modules(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(`${root}${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* modules(path);
    else if (path.endsWith(".ts")) yield path;
  }
}

Deno.test("imports go from main to cmd to lib, and the pure parts stay pure", () => {
  const paths = ["main.ts", ...modules("cmd"), ...modules("lib")];
  const found = paths.flatMap((path) =>
    violations(path, Deno.readTextFileSync(`${root}${path}`))
  );
  assertEquals(found, []);
  assertEquals(paths.length > 1, true, "no modules were found");
});

Deno.test("the check of imports sees what it is there to see", () => {
  const bad: [string, string][] = [
    ["lib/smtp/a.ts", 'import { x } from "../net/dns.ts";'],
    ["lib/rules/a.ts", 'const m = await import("../gate/serve.ts");'],
    ["lib/cdb/a.ts", 'import type {\n  X,\n} from "../sys/ids.ts";'],
    ["lib/cdb/a.ts", 'export * from "../deliver/target.ts";'],
    ["lib/log/a.ts", 'import "../../cmd/serve.ts";'],
    ["lib/gate/a.ts", 'import { x } from "../../tests/support/assert.ts";'],
    ["lib/net/a.ts", 'Deno.dlopen("libc.so.6", {});'],
    ["cmd/a.ts", 'import { x } from "../main.ts";'],
  ];
  for (const [path, source] of bad) {
    assertEquals(violations(path, source).length, 1, `${path}: ${source}`);
  }
  const good: [string, string][] = [
    ["lib/deliver/a.ts", 'import type { X } from "../smtp/session.ts";'],
    ["lib/sys/a.ts", 'Deno.dlopen("libc.so.6", {});'],
    ["lib/smtp/a.ts", '// import { x } from "../net/dns.ts";'],
    ["lib/smtp/a.ts", 'import { x } from "../cdb/reader.ts";'],
    ["cmd/a.ts", 'import { x } from "../lib/process/serve.ts";'],
  ];
  for (const [path, source] of good) {
    assertEquals(violations(path, source), [], `${path}: ${source}`);
  }
});

Deno.test("nothing new stands at the top level", async () => {
  const git = await new Deno.Command("git", {
    args: ["-c", "safe.directory=*", "ls-files", "-z"],
    cwd: root,
  }).output();
  assertEquals(git.success, true, new TextDecoder().decode(git.stderr));
  const files = new TextDecoder().decode(git.stdout).split("\0").filter((
    name,
  ) => name);
  const strangers = new Set(
    files.map((name) => name.split("/")[0]).filter((name) =>
      !topLevel.has(name)
    ),
  );
  assertEquals([...strangers], []);
  assertEquals(files.length > 0, true, "git lists no files");
});
