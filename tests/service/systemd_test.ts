/**
 * Units for many command lines: what they leave to a service, and what systemd
 * says of them.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type {
  Machine,
  Part,
  Service,
  Uses,
} from "../../lib/service/service.ts";
import { systemd } from "../../lib/service/systemd.ts";
import {
  commandWord,
  pathWord,
  plainText,
} from "../../lib/service/systemd_words.ts";
import { inFolder, needing, output } from "../support/peers.ts";

const uses: Uses = {
  places: ["/bin/true"],
  connections: 40,
  workers: 1,
  confine: null,
  hasHelper: false,
  madeAsRoot: [],
  ofOthers: false,
  rootsKeys: false,
};

const at = (host: string, port: string, more = {}) => ({
  ...{ host, port, ipv6: false, backlog: null },
  ...more,
});

/** smtpd that discards, on port 25. */
const plain: Service = {
  name: "gate",
  description: "a gate",
  executable: "/bin/true",
  runFolder: "/run",
  pidfile: null,
  logTag: "gate",
  logFacility: 2,
  serveArgs: ["0", "25", "smtpd"],
  stopSeconds: 15,
  listenings: [at("0", "25")],
  program: ["smtpd"],
  builtIn: true,
  user: null,
  given: [],
  said: new Map(),
  writes: [],
  config: null,
  programs: [],
  uses,
};

const kept = (user: string | null, more: Partial<Uses>): Partial<Service> => ({
  user,
  uses: { ...uses, ...more },
});

/** Its folders of /var/lib, /var/log and /run are not there. */
const machine: Machine = {
  exists: (path) => ["/", "/srv", "/var/mail", "/run/others"].includes(path),
  read: () => "anna:x:7001:7001::/home/anna:/bin/sh\n",
};

const unitOf = (parts: readonly Part[], suffix: string): string | null => {
  const part = parts.find(({ kind, path }) =>
    kind === "file" && path.endsWith(suffix)
  );
  return part?.kind === "file" ? part.text : null;
};

const service = (more: Partial<Service>): string =>
  unitOf(systemd.parts({ ...plain, ...more }, machine), ".service")!;

const socket = (more: Partial<Service>): string | null =>
  unitOf(systemd.parts({ ...plain, ...more }, machine), ".socket");

/** All values that a unit has for a setting. */
const values = (unit: string, setting: string): string[] =>
  [...unit.matchAll(new RegExp(`^${setting}=(.*)$`, "gm"))]
    .map(([, text]) => text);

const queue: Partial<Service> = {
  programs: ["/usr/local/qmail/bin/qmail-queue"],
};

const all: Record<string, Partial<Service>> = {
  plain: {},
  drops: kept("mail", {}),
  number: kept("7001", {}),
  unknownNumber: kept("7002", {}),
  others: kept(null, { ofOthers: true, hasHelper: true }),
  workers: kept("mail", { workers: 4 }),
  keys: kept("mail", { rootsKeys: true }),
  queue,
  boundQueue: { ...queue, ...kept(null, { confine: true }) },
  free: kept("mail", { confine: false }),
  isolated: { ...queue, given: ["isolate"] },
  program: { ...queue, builtIn: false, program: ["/bin/cat"] },
  config: {
    config: "/etc/gate.toml",
    serveArgs: ["--config", "/etc/gate.toml"],
  },
  blocks: { listenings: [at("127.0.0.1", "smtp"), at("::1", "2525")] },
  anyV6: { listenings: [at("0", "25", { ipv6: true, backlog: 7 })] },
  words: {
    serveArgs: [
      "%h",
      "$HOME",
      "${x}",
      "$$",
      ";",
      "\\",
      '"',
      "'",
      "",
      "\n",
      "é #",
    ],
    description: "50% of it\\",
    logTag: "%i\\",
  },
  folders: {
    ...kept("mail", { madeAsRoot: ["/run/gate"] }),
    writes: [
      ...["/var/lib/gate/m", "/var/log/gate", "/var/cache/gate/a"],
      ...["/run/gate", "/srv/mail/a b", "/var/mail"],
    ],
    pidfile: "/run/gate/pid",
  },
  anywhere: { writes: ["/mail"] },
  home: {
    writes: ["/home"],
    ...kept(null, { places: ["/home/{user}/Maildir"] }),
  },
  temporary: kept(null, { places: ["/tmp/gate/control"] }),
};

Deno.test(
  needing({ peers: ["systemd-analyze"] }, "systemd finds nothing wrong"),
  () =>
    inFolder(async (folder) => {
      const paths: string[] = [];
      for (const [name, more] of Object.entries(all)) {
        for (const suffix of ["service", "socket"]) {
          const of = { ...plain, name, ...more };
          const text = unitOf(systemd.parts(of, machine), `.${suffix}`);
          if (text === null) continue;
          paths.push(`${folder}/${name}.${suffix}`);
          await Deno.writeTextFile(paths.at(-1)!, text);
        }
      }
      const { code, stdout, stderr } = await output("systemd-analyze", [
        ...["verify", "--man=no", ...paths],
      ]);
      assertEquals([code, stdout, stderr], [0, "", ""]);
      // What `systemd-analyze security` makes of them, and may at the most.
      const most = {
        plain: 2.0,
        drops: 2.2,
        others: 2.9,
        keys: 2.6,
        queue: 7.5,
      };
      for (const [name, level] of Object.entries(most)) {
        const { stdout } = await output("systemd-analyze", [
          ...["security", "--offline=yes", `${folder}/${name}.service`],
        ]);
        const found = /exposure level for \S+: ([\d.]+)/.exec(stdout);
        assert(found !== null && Number(found[1]) <= level, stdout);
      }
    }),
);

Deno.test("a service has the capabilities that its command line needs", () => {
  const rows: [Partial<Service>, string[]][] = [
    [{}, [""]],
    // The socket unit binds, but where there is none, or where it may be off.
    [kept(null, { workers: 2 }), ["NET_BIND_SERVICE"]],
    [all.config, ["NET_BIND_SERVICE"]],
    [{ ...all.config, listenings: [at("0", "2525")] }, [""]],
    [kept("mail", {}), ["SETGID SETUID"]],
    [{ said: new Map([["gid", "mail"]]) }, ["SETGID SETUID"]],
    [{ said: new Map([["gid", "0"]]) }, [""]],
    [kept("mail", { workers: 2 }), ["KILL NET_BIND_SERVICE SETGID SETUID"]],
    [all.keys, ["KILL NET_BIND_SERVICE SETGID SETUID"]],
    [kept("mail", { ofOthers: true }), ["DAC_OVERRIDE SETGID SETUID"]],
    [all.folders, ["DAC_OVERRIDE SETGID SETUID"]],
    [kept(null, { hasHelper: true }), ["KILL SETGID SETUID"]],
    [kept(null, { ofOthers: true }), [
      "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER SETGID SETUID",
    ]],
    [all.boundQueue, [""]],
    [queue, []],
    [all.free, []],
  ];
  for (const [more, wanted] of rows) {
    const found = values(service(more), "CapabilityBoundingSet")
      .map((text) => text.replaceAll("CAP_", ""));
    assertEquals(found, wanted);
  }
});

Deno.test("what runs programs keeps what set-uid ones need", () => {
  const none = ["NoNewPrivileges", "SystemCallFilter", "RestrictSUIDSGID"];
  for (const more of [queue, all.free, all.isolated, all.program]) {
    const unit = service(more);
    assertEquals(none.flatMap((each) => values(unit, each)), []);
    assertEquals(values(unit, "ProtectSystem"), ["full"]);
  }
  assertEquals(values(service(queue), "ReadWritePaths"), ["/usr/local/qmail"]);
  assertEquals(values(service(all.boundQueue), "NoNewPrivileges"), ["yes"]);
  assertEquals(values(service({}), "NoNewPrivileges"), ["yes"]);
});

Deno.test("sessions of programs are not ended with the gate", () => {
  const mode = (more: Partial<Service>) => values(service(more), "KillMode");
  assertEquals(mode({}), ["mixed"]);
  assertEquals(mode(queue), ["mixed"]);
  assertEquals(mode(all.isolated), ["process"]);
  assertEquals(mode(all.program), ["process"]);
});

Deno.test("it writes where its command line says, and nowhere else", () => {
  const unit = service(all.folders);
  assertEquals(values(unit, "ReadWritePaths"), ["/srv /var/mail"]);
  assertEquals(values(unit, "StateDirectory"), ["gate/m"]);
  assertEquals(values(unit, "LogsDirectory"), ["gate"]);
  assertEquals(values(unit, "CacheDirectory"), ["gate/a"]);
  assertEquals(values(unit, "RuntimeDirectory"), ["gate"]);
  // What others have made is neither changed nor removed.
  const others = service({ writes: ["/run/others", "/var/mail"] });
  assertEquals(values(others, "RuntimeDirectory"), []);
  assertEquals(values(others, "ReadWritePaths"), ["/run/others /var/mail"]);
  // Nobody to give them to.
  const unknown = service({
    ...all.unknownNumber,
    writes: ["/var/lib/gate"],
  });
  assertEquals(values(unknown, "StateDirectory"), []);
  assertEquals(values(unknown, "User"), []);
  assertEquals(values(service(all.anywhere), "ProtectSystem"), ["full"]);
});

Deno.test("what is named in a home or in /tmp can be seen", () => {
  const closed = (more: Partial<Service>) =>
    ["ProtectHome", "PrivateTmp"]
      .map((each) => values(service(more), each).length);
  assertEquals(closed({}), [1, 1]);
  assertEquals(closed(all.home), [0, 1]);
  assertEquals(closed(all.temporary), [1, 0]);
  assertEquals(closed({ writes: ["/tmp"] }), [1, 1]);
  assertEquals(values(service({ writes: ["/tmp"] }), "ReadWritePaths"), []);
});

Deno.test("a socket unit has all addresses in order, where it can", () => {
  const streams = (more: Partial<Service>) =>
    values(socket(more) ?? "", "ListenStream");
  assertEquals(streams(all.blocks), ["127.0.0.1:25", "[::1]:2525"]);
  assertEquals(streams(all.anyV6), ["[::]:25"]);
  assertEquals(values(socket(all.anyV6)!, "Backlog"), ["7"]);
  for (
    const more of [
      all.workers,
      all.keys,
      { listenings: [at("mx.example.net", "25")] },
      { listenings: [at("0", "0")] },
      { listenings: [at("fe80::1", "25")] },
      { listenings: [at("0", "25"), at("0", "no-such-service")] },
    ]
  ) {
    assertEquals(socket(more), null);
    assertMatch(service(more), /^# No socket unit: /m);
  }
  const enables = (more: Partial<Service>) =>
    systemd.parts({ ...plain, ...more }, machine)
      .filter(({ kind }) => kind === "link").length;
  assertEquals([enables({}), enables(all.config)], [2, 1]);
  assertEquals(values(service({}), "Requires"), ["gate.socket"]);
  assertEquals(values(service(all.config), "Requires"), []);
});

Deno.test("words mean themselves", () => {
  assertEquals(commandWord("a%h"), "a%%h");
  assertEquals(commandWord("$A"), "$$A");
  assertEquals(commandWord(""), '""');
  assertEquals(commandWord(";"), '";"');
  assertEquals(commandWord('a\\ "\n\x7f'), '"a\\\\ \\"\\x0a\\x7f"');
  assertEquals(pathWord('/a $b%"\\'), '"/a $b%%\\"\\\\"');
  assertEquals(plainText("5%\\"), "5%%\\ ");
  assert(!service(all.words).includes("\\\n\n"));
});

Deno.test("what cannot work is refused", () => {
  const rows: [Partial<Service>, RegExp][] = [
    [{ name: "gate.service" }, /--name gate\.service: .* say gate$/],
    [{ executable: "/opt/$x/postern" }, /no program of the path/],
    [{ given: ["ready-fd"] }, /--ready-fd is s6's/],
  ];
  assertEquals(systemd.problems(plain), []);
  for (const [more, why] of rows) {
    const [problem, ...others] = systemd.problems({ ...plain, ...more });
    assertMatch(problem, why);
    assertEquals(others, []);
  }
});
