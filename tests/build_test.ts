import { fileURLToPath } from "node:url";
import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { readSummary } from "../scripts/test/pool.ts";
import { output, postern } from "./support/peers.ts";
import { secondPostern } from "./support/second_runtime.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

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

const canRecover = Deno.build.target === "x86_64-unknown-linux-gnu";

for (
  const [which, args, hash] of [
    ["fallback", [], "2705685d"],
    ["second", ["--runtime", "2.7.11"], "f12d5d38"],
  ] as const
) {
  Deno.test(`a ${which} runtime with a wrong hash is refused and makes nothing`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const denort = `${folder}/denort`;
      await Deno.writeTextFile(denort, "not a runtime\n");
      const output = `${folder}/out/postern`;
      const { code, stderr } = await build([...args, "--output", output], {
        POSTERN_DENORT: denort,
      });
      assertEquals(code, canRecover ? 1 : 111);
      const expected = canRecover
        ? new RegExp(
          "is not the known denort .* SHA-256 is [0-9a-f]{64}, " +
            `expected ${hash}`,
          "s",
        )
        : /there is no (fallback|denort 2\.7\.11) for/;
      assertEquals(expected.test(stderr), true, stderr);
      assertEquals([...Deno.readDirSync(`${folder}/out`)], []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("a runtime that is not there is a clear error", async () => {
  if (!canRecover) return;
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

Deno.test("a recovered runtime is never in a release", async () => {
  for (const release of [["--no-fallback"], ["--target", Deno.build.target]]) {
    const { code, stderr } = await build(
      ["--runtime", "2.7.11", ...release],
      {},
    );
    assertEquals(code, 1);
    assertEquals(stderr.includes("--runtime is for tests"), true, stderr);
  }
});

Deno.test("a runtime that is not known is an error", async () => {
  const { code, stderr } = await build(["--runtime=2.7.12"], {});
  assertEquals(code, 1);
  assertEquals(stderr.includes("unknown runtime 2.7.12"), true, stderr);
});

Deno.test({
  name: "the second executable is on the second runtime",
  ignore: secondPostern === null,
  fn: async () => {
    const { stdout } = await output(secondPostern!, ["--version"]);
    assertEquals(/deno ([0-9.]+)/.exec(stdout)?.[1], "2.7.11");
  },
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
