/**
 * Installing with a disk that fails, and a process that is killed, at each step
 * there is: all or nothing, and running it again makes it good.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Fatal } from "../../lib/base/fatal.ts";
import { install } from "../../lib/install/install.ts";
import { receiptName } from "../../lib/install/receipt.ts";
import type { Thing } from "../../lib/install/thing.ts";
import { uninstall } from "../../lib/install/uninstall.ts";

const silent = () => {};

/** What is in a folder, with modes, owners, contents and where links lead. */
function listing(folder: string, path = ""): string[] {
  const here = `${folder}${path}`;
  const info = Deno.lstatSync(here);
  const what = info.isSymlink
    ? `-> ${Deno.readLinkSync(here)}`
    : info.isFile
    ? JSON.stringify(Deno.readTextFileSync(here))
    : "folder";
  const mode = (info.mode! & 0o7777).toString(8);
  const below = info.isDirectory
    ? [...Deno.readDirSync(here)].map(({ name }) => `${path}/${name}`).sort()
    : [];
  return [
    `${path || "/"} ${mode} ${info.uid}:${info.gid} ${what}`,
    ...below.flatMap((each) => listing(folder, each)),
  ];
}

const hidden = (folder: string) =>
  listing(folder).filter((line) => /\.postern-(new|old)/.test(line));

/** A machine with other people's files in our places. */
function withMachine(act: (folder: string) => void): void {
  // In memory: all of it waits for the disk at each step.
  const folder = Deno.makeTempDirSync({ dir: "/dev/shm" });
  try {
    const bin = `${folder}/bin`;
    Deno.mkdirSync(bin);
    Deno.writeTextFileSync(`${bin}/tcpserver`, "a stranger's");
    Deno.chmodSync(`${bin}/tcpserver`, 0o751);
    Deno.symlinkSync("/nowhere", `${bin}/splogger`);
    Deno.writeTextFileSync(`${bin}/other`, "stays");
    act(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const thingsOf = (folder: string, text: string): Thing[] => [
  {
    kind: "file",
    path: `${folder}/bin/postern`,
    mode: 0o755,
    content: { text },
  },
  { kind: "link", path: `${folder}/bin/tcpserver`, to: "postern" },
  { kind: "link", path: `${folder}/bin/splogger`, to: "postern" },
  {
    kind: "file",
    path: `${folder}/share/man/man1/postern.1`,
    mode: 0o644,
    content: { text: `.Dd ${text}` },
  },
];

const put = (
  folder: string,
  text: string,
  tell: (line: string) => void = silent,
) =>
  install({
    folder: `${folder}/bin`,
    things: thingsOf(folder, text),
    create: false,
    dryRun: false,
  }, tell);

const takeAway = (folder: string) =>
  uninstall({ folder: `${folder}/bin`, dryRun: false }, silent, silent);

/** What changes a disk. */
const changes = [
  "renameSync",
  "linkSync",
  "symlinkSync",
  "removeSync",
  "mkdirSync",
  "chmodSync",
  "openSync",
] as const;

type Change = (...args: unknown[]) => unknown;

/**
 * Runs `act` with the n-th change of the disk failing; `forEver`: and all that
 * follow, which is how it looks when the process is killed there.
 *
 * @returns whether there were as many
 */
function failingAt(n: number, forEver: boolean, act: () => void): boolean {
  const runtime = Deno as unknown as Record<string, Change>;
  const real = changes.map((name) => runtime[name]);
  let count = 0;
  changes.forEach((name, i) => {
    runtime[name] = (...args) => {
      const isRead = name === "openSync" && args[1] === undefined;
      if (!isRead && ++count >= n && (forEver || count === n)) {
        throw new Deno.errors.WriteZero(
          "No space left on device (os error 28)",
        );
      }
      return real[i](...args);
    };
  });
  try {
    if (n === Infinity) return act(), false;
    try {
      act();
      return count >= n;
    } catch (error) {
      assert(error instanceof Fatal || count >= n, `${error}`);
      return true;
    }
  } finally {
    changes.forEach((name, i) => runtime[name] = real[i]);
  }
}

Deno.test("installed, replaced and taken away: as it was before", () =>
  withMachine((folder) => {
    const before = listing(folder);
    put(folder, "one");
    assertEquals(
      Deno.readTextFileSync(`${folder}/bin/tcpserver.before-postern`),
      "a stranger's",
    );
    put(folder, "two");
    assertEquals(Deno.readTextFileSync(`${folder}/bin/tcpserver`), "two");
    const lines: string[] = [];
    assertEquals(put(folder, "two", (line) => lines.push(line)), false);
    assert(lines.every((line) => line.endsWith(" is there already")), lines[0]);
    assertEquals(takeAway(folder), true);
    assertEquals(listing(folder), before);
  }));

for (const earlier of [null, "one"]) {
  const over = earlier === null ? "strangers" : "an older one";

  Deno.test(`a disk that fails at any step leaves all as it was, over ${over}`, () => {
    for (let n = 1, more = true; more; n++) {
      withMachine((folder) => {
        if (earlier !== null) put(folder, earlier);
        const before = listing(folder);
        more = failingAt(n, false, () => put(folder, "two"));
        if (!more) return assert(n > 10, `only ${n} steps were found`);
        const after = listing(folder);
        // What comes after all is done need not be undone.
        if (after.some((line) => line.includes('"two"'))) {
          put(folder, "two");
          return;
        }
        assertEquals(after, before, `step ${n}`);
      });
    }
  });

  for (
    const [what, next] of [["installing", put], ["uninstalling", null]] as const
  ) {
    Deno.test(`killed at any step over ${over}, ${what} makes it good`, () => {
      for (let n = 1, more = true; more; n++) {
        withMachine((folder) => {
          const before = listing(folder);
          if (earlier !== null) put(folder, earlier);
          more = failingAt(n, true, () => put(folder, "two"));
          // Nothing half is ever in its place.
          const place = `${folder}/bin/tcpserver`;
          assert(
            ["a stranger's", "one", "two"].includes(
              Deno.readTextFileSync(place),
            ),
            `step ${n}`,
          );
          const isKnown = listing(folder).some((line) =>
            line.includes(receiptName) && !line.includes("postern-new")
          );
          if (next) {
            next(folder, "three");
            assertEquals(Deno.readTextFileSync(place), "three");
            assertEquals(hidden(folder), [], `step ${n}`);
          }
          if (next || isKnown) {
            takeAway(folder);
            assertEquals(listing(folder), before, `step ${n}`);
          }
        });
      }
    });
  }
}

Deno.test("killed at any step of uninstalling, running it again makes it good", () => {
  for (let n = 1, more = true; more; n++) {
    withMachine((folder) => {
      const before = listing(folder);
      put(folder, "one");
      more = failingAt(n, true, () => takeAway(folder));
      const receipt = `${folder}/bin/${receiptName}`;
      let isKnown = true;
      try {
        Deno.statSync(receipt);
      } catch {
        isKnown = false; // it had come to its end
      }
      if (isKnown) takeAway(folder);
      assertEquals(listing(folder), before, `step ${n}`);
    });
  }
});

Deno.test("a disk that fails at any step of uninstalling leaves it installed", () => {
  for (let n = 1, more = true; more; n++) {
    withMachine((folder) => {
      const before = listing(folder);
      put(folder, "one");
      const installed = listing(folder);
      more = failingAt(n, false, () => takeAway(folder));
      const after = listing(folder);
      if (!after.some((line) => line.startsWith("/bin/postern "))) {
        // It failed when all was done: what is left goes with the next one.
        if (after.some((line) => line.includes(receiptName))) takeAway(folder);
        assertEquals(listing(folder), before, `step ${n}`);
      } else assertEquals(after, installed, `step ${n}`);
    });
  }
});

Deno.test("what is in the way is never overwritten", () =>
  withMachine((folder) => {
    const kept = `${folder}/bin/tcpserver.before-postern`;
    Deno.writeTextFileSync(kept, "an older stranger's");
    const before = listing(folder);
    const error = assertThrows(() => put(folder, "one"), Fatal);
    assert(error.message.includes(kept), error.message);
    assertEquals((error as Fatal).exitCode, 100);
    assertEquals(listing(folder), before);
    Deno.removeSync(kept);
    Deno.mkdirSync(`${folder}/bin/postern`);
    assertThrows(() => put(folder, "one"), Fatal, "is a folder");
  }));

Deno.test("what somebody has changed since is left to them", () =>
  withMachine((folder) => {
    put(folder, "one");
    const place = `${folder}/bin/tcpserver`;
    Deno.removeSync(place);
    Deno.writeTextFileSync(place, "another stranger's");
    assertEquals(takeAway(folder), false);
    assertEquals(Deno.readTextFileSync(place), "another stranger's");
    assertEquals(
      Deno.readTextFileSync(`${place}.before-postern`),
      "a stranger's",
    );
    assertThrows(() => Deno.statSync(`${folder}/bin/postern`));
  }));

Deno.test("what lay there just so before us stays", () =>
  withMachine((folder) => {
    const [{ path }] = thingsOf(folder, "");
    Deno.writeTextFileSync(path, "one");
    Deno.chmodSync(path, 0o755);
    if (Deno.uid() === 0) Deno.chownSync(path, 0, 0);
    Deno.removeSync(`${folder}/bin/tcpserver`);
    Deno.symlinkSync(path, `${folder}/bin/tcpserver`); // another way to say it
    const before = listing(folder);
    put(folder, "one");
    takeAway(folder);
    assertEquals(listing(folder), before);
  }));

Deno.test("a receipt that others may have written is not believed", () =>
  withMachine((folder) => {
    put(folder, "one");
    const receipt = `${folder}/bin/${receiptName}`;
    Deno.chmodSync(receipt, 0o666);
    assertThrows(() => takeAway(folder), Fatal, "unable to trust");
    Deno.chmodSync(receipt, 0o644);
    Deno.writeTextFileSync(receipt, '{"format":1,"things":[{}]}');
    assertThrows(() => takeAway(folder), Fatal, "it is no receipt");
    assertThrows(() => put(folder, "two"), Fatal, "it is no receipt");
  }));
