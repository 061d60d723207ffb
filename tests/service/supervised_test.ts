/**
 * Scripts for those who supervise, as text.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { daemontools } from "../../lib/service/daemontools.ts";
import { runit } from "../../lib/service/runit.ts";
import { s6 } from "../../lib/service/s6.ts";
import type { Machine, Part, Service } from "../../lib/service/service.ts";
import { inFolder, needing, output, peer } from "../support/peers.ts";

const service: Service = {
  name: "gate",
  description: "it's a gate",
  executable: "/usr/bin/postern",
  runFolder: "/run",
  pidfile: null,
  logTag: "gate",
  logFacility: 3,
  serveArgs: ["-v", "0", "25", "smtpd", "--smtpgreeting", "it's $HOME"],
  stopSeconds: 15,
  listenings: [{ host: "0", port: "25", ipv6: false, backlog: 128 }],
  program: ["smtpd", "--smtpgreeting", "it's $HOME"],
  builtIn: true,
  user: null,
  given: ["verbose"],
  said: new Map([["verbose", ""]]),
  writes: [],
  config: null,
  programs: [],
  uses: {} as Service["uses"], // for who shuts it off
};
const ofFile: Service = {
  ...service,
  serveArgs: ["--config", "/etc/gate.toml"],
  config: "/etc/gate.toml",
  pidfile: "/run/x/gate.pid",
};

const machine = (...paths: string[]): Machine => ({
  exists: (path) => paths.includes(path),
  read: () => null,
});

function textOf(parts: readonly Part[], name: string): string {
  const part = parts.find(({ path }) => path === `/etc/sv/gate/${name}`);
  return part?.kind === "file" ? part.text : "";
}

const linksOf = (parts: readonly Part[]) =>
  parts.filter(({ kind }) => kind === "link").map(({ path }) => path);

Deno.test("run executes serve, and tells it how to say that it is ready", () => {
  const line = "-v 0 25 smtpd --smtpgreeting 'it'\\''s $HOME'";
  for (
    const [supervisor, own] of [
      [runit, "--pidfile /run/gate.pid "],
      [daemontools, ""],
      [s6, "--ready-fd 3 "],
    ] as const
  ) {
    const text = textOf(supervisor.parts(service, machine()), "run");
    assert(text.endsWith(`\nexec /usr/bin/postern serve ${own}${line}\n`));
    assert(text.includes("\nexec 2>&1"));
    assert(!/ulimit|softlimit|chpst -/.test(text));
  }
});

Deno.test("with a file its pidfile says that it is ready", () => {
  const checked = textOf(runit.parts(ofFile, machine()), "check");
  assert(checked.includes("</run/x/gate.pid"));
  const parts = s6.parts(ofFile, machine());
  assertMatch(textOf(parts, "run"), /\nexec s6-notifyoncheck /);
  assert(textOf(parts, "data/check").includes("/run/x/gate.pid"));
  assertEquals(textOf(parts, "notification-fd"), "3\n");
  for (const supervisor of [runit, s6]) {
    const [why, ...more] = supervisor.problems({ ...ofFile, pidfile: null });
    assertMatch(why, /^\/etc\/gate\.toml: no pidfile, .*write pidfile = "/);
    assertEquals(more, []);
  }
  assertEquals(daemontools.problems({ ...ofFile, pidfile: null }), []);
});

Deno.test("s6's descriptor is not the user's", () => {
  const given = ["ready-fd"];
  const [why, ...more] = s6.problems({ ...service, given });
  assertMatch(why, /^--ready-fd is the script's own: leave it off/);
  assertEquals(more, []);
  for (const supervisor of [runit, daemontools]) {
    const [why, ...more] = supervisor.problems({ ...service, given });
    assertMatch(why, /^--ready-fd is for s6/);
    assertEquals(more, []);
  }
});

Deno.test("a service is linked where somebody looks for it", () => {
  for (
    const [supervisor, there, links] of [
      [runit, [], ["/etc/service/gate"]],
      [runit, ["/var/service"], ["/var/service/gate"]],
      [daemontools, ["/service"], ["/service/gate"]],
      [daemontools, ["/service", "/etc/service"], ["/etc/service/gate"]],
      [s6, [], ["/etc/service/gate"]],
      [s6, ["/etc/service", "/run/service"], ["/run/service/gate"]],
      [s6, ["/run/service", "/service/.s6-svscan/control"], ["/service/gate"]],
      [
        s6,
        ["/run/service", "/etc/s6-linux-init/current/run-image/service"],
        [
          "/etc/s6-linux-init/current/run-image/service/gate",
          "/run/service/gate",
        ],
      ],
    ] as const
  ) {
    const parts = supervisor.parts(service, machine(...there));
    assertEquals(linksOf(parts), [...links]);
    assertEquals(parts.at(-1)?.kind, "link");
    assertEquals(parts[0].path, "/etc/sv/gate/run");
  }
});

Deno.test(
  needing({ peers: ["shellcheck"] }, "the scripts are clean"),
  () =>
    inFolder(async (folder) => {
      for (const supervisor of [runit, daemontools, s6]) {
        for (const each of [service, ofFile]) {
          for (const part of supervisor.parts(each, machine())) {
            if (part.kind !== "file" || part.mode !== 0o755) continue;
            await Deno.writeTextFile(`${folder}/script`, part.text);
            const lint = await output(peer("shellcheck")!, [
              `${folder}/script`,
            ]);
            assertEquals([lint.code, lint.stdout], [0, ""]);
          }
          for (const [, , script] of supervisor.settle(each)) {
            const lint = await output(peer("shellcheck")!, ["-s", "sh", "-"], {
              stdin: script,
            });
            assertEquals([lint.code, lint.stdout], [0, ""]);
          }
        }
      }
    }),
);
