/**
 * The workflows: whose code they run, what they may do, and whether what they
 * name is there.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { needing, output } from "./support/peers.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}.github/workflows`;

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Job {
  readonly needs?: string | string[];
  readonly permissions?: Record<string, string>;
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly permissions?: Record<string, string>;
  readonly jobs: Record<string, Job>;
}

const texts = new Map(
  [...Deno.readDirSync(folder)].map(({ name }) => [
    name,
    Deno.readTextFileSync(`${folder}/${name}`),
  ]),
);
const workflows = new Map(
  [...texts].map(([name, text]) => [name, parse(text) as Workflow]),
);

const jobs = [...workflows].flatMap(([name, { jobs }]) =>
  Object.entries(jobs).map(([job, value]) => [`${name} ${job}`, value] as const)
);
const scripts = jobs.flatMap(([where, { steps }]) =>
  steps.flatMap(({ run }) => run === undefined ? [] : [[where, run] as const])
);

Deno.test("each action is pinned to a commit, and says its version", () => {
  const lines = [...texts.values()].flatMap((text) => text.split("\n"))
    .filter((line) => /\buses:/.test(line));
  for (const line of lines) {
    assertMatch(line, /uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  }
  const used = jobs.flatMap(([, { steps }]) => steps).filter(({ uses }) =>
    uses
  );
  assertEquals(lines.length, used.length);
  assert(lines.length > 0, "no actions were found");
});

Deno.test("each job says what it may do, and few may write", () => {
  const writers: string[] = [];
  for (const [name, { permissions }] of workflows) {
    assertEquals(permissions, {}, name);
  }
  for (const [where, job] of jobs) {
    assert(job.permissions !== undefined, where);
    assert(Number(job["timeout-minutes"]) > 0, `${where} may take for ever`);
    const isWriter = Object.values(job.permissions).includes("write");
    if (isWriter) writers.push(where);
  }
  assertEquals(writers, ["release.yml publish"]);
});

Deno.test("what jobs wait for and what steps run is there", () => {
  for (const [name, { jobs }] of workflows) {
    for (const { needs = [] } of Object.values(jobs)) {
      for (const each of [needs].flat()) {
        assert(each in jobs, `${name} ${each}`);
      }
    }
  }
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${root}deno.json`));
  let paths = 0;
  for (const [where, run] of scripts) {
    for (const [, task] of run.matchAll(/scripts\/deno task ([\w:]+)/g)) {
      assert(task in tasks, `${where}: no task ${task}`);
    }
    for (
      const [path] of run.matchAll(/(?<![\w/.$])(?:scripts|\.ci)\/[\w./]+/g)
    ) {
      assert(Deno.statSync(root + path).isFile, `${where}: no ${path}`);
      paths++;
    }
  }
  assert(paths > 0, "no scripts were found");
});

Deno.test("what is released is what was tested, and no recovered runtime", () => {
  const { steps } = workflows.get("release.yml")!.jobs.package;
  const at = (text: string) =>
    steps.findIndex(({ run }) => run?.includes(text));
  const order = ["--no-fallback", ".ci/run", "task package", "try_deb.sh"].map(
    at,
  );
  assert(!order.includes(-1), String(order));
  assertEquals(order, [...order].sort((a, b) => a - b));
  assertMatch(steps[at(".ci/run")].run!, /POSTERN=\$PWD\/dist\/postern/);
  const builds = steps.filter(({ run }) => run?.includes("task build"));
  assertEquals(builds.length, 1);
});

Deno.test(
  needing(
    { peers: ["shellcheck"] },
    "shellcheck has nothing to say of the steps",
  ),
  async () => {
    for (const [where, run] of scripts) {
      const { stdout } = await output("shellcheck", ["--shell=bash", "-"], {
        stdin: run,
      });
      assertEquals(stdout, "", where);
    }
  },
);
