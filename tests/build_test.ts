import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { readSummary } from "../scripts/test.ts";
import { postern } from "./support/peers.ts";

const root = new URL("..", import.meta.url).pathname;

async function build(args: string[], env: Record<string, string>) {
  const result = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "scripts/build.ts", ...args],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code: result.code, stderr: decoder.decode(result.stderr) };
}

Deno.test("a runtime with a wrong hash is refused and makes nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const denort = `${folder}/denort`;
    await Deno.writeTextFile(denort, "not a runtime\n");
    const output = `${folder}/out/postern`;
    const { code, stderr } = await build(["--output", output], {
      POSTERN_DENORT: denort,
    });
    assertEquals(code, 1);
    const expected = Deno.build.target === "x86_64-unknown-linux-gnu"
      ? /is not the known denort .* SHA-256 is [0-9a-f]{64}, expected 2705685d/s
      : /there is no fallback for/;
    assertEquals(expected.test(stderr), true, stderr);
    assertEquals([...Deno.readDirSync(`${folder}/out`)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a runtime that is not there is a clear error", async () => {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") return;
  const folder = await Deno.makeTempDir();
  try {
    const { code, stderr } = await build(["--output", `${folder}/postern`], {
      POSTERN_DENORT: `${folder}/none`,
    });
    assertEquals(code, 1);
    assertEquals(/^build: cannot read the runtime/m.test(stderr), true, stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("nothing that only tests and the build need is in the executable", async () => {
  const executable = Buffer.from((await Deno.readFile(postern)).buffer);
  for (const name of ["fast-check", "esbuild.build"]) {
    assertEquals(executable.includes(name), false, name);
  }
  assertEquals(executable.includes("tcprulescheck"), true);
});

Deno.test("an unknown argument of the build is an error", async () => {
  const { code, stderr } = await build(["--fallback"], {});
  assertEquals(code, 1);
  assertEquals(stderr.includes("unknown argument --fallback"), true, stderr);
});

Deno.test("the count line comes from Deno's own summary", () => {
  const counts = (passed: number, failed: number, skipped: number) => ({
    passed,
    failed,
    skipped,
  });
  const cases: [string, ReturnType<typeof counts> | undefined][] = [
    ["ok | 3 passed | 0 failed (9ms)", counts(3, 0, 0)],
    [
      "\x1b[31mFAILED\x1b[0m | 1 passed (2 steps) | 2 failed (1 step) | 4 ignored \x1b[2m(62ms)\x1b[0m",
      counts(1, 2, 4),
    ],
    ["ok | 0 passed | 0 failed | 1 ignored | 2 filtered out", counts(0, 0, 1)],
    ["said: ok | 3 passed | 0 failed", undefined],
  ];
  for (const [line, expected] of cases) {
    assertEquals(readSummary(line), expected);
  }
});
