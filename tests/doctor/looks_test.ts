/**
 * Looks that an executable cannot be shown: the DNS, the clock, links, what is
 * installed.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { accessOf } from "../../lib/doctor/access.ts";
import type { Finding } from "../../lib/doctor/finding.ts";
import { installed } from "../../lib/doctor/installed.ts";
import { looks, machineLooks } from "../../lib/doctor/looks.ts";
import { clock } from "../../lib/doctor/looks/machine.ts";
import { dns } from "../../lib/doctor/looks/dns.ts";
import { links } from "../../lib/doctor/looks/links.ts";
import type { Looker, Patient } from "../../lib/doctor/patient.ts";
import { overlaps } from "../../lib/doctor/sockets.ts";
import type { Lookup } from "../../lib/net/resolver.ts";
import { unasked } from "../../lib/smtpd/options.ts";
import { inFolder, needing } from "../support/peers.ts";

const looker: Looker = {
  uid: 0,
  nowMs: Date.UTC(2030, 0, 1),
  resolver: null,
  executable: "/nowhere/postern",
  classicNames: ["tcpserver", "qmail-smtpd"],
  check: () => Promise.resolve([]),
};

const told = (found: readonly Finding[]) =>
  found.map(({ severity, what }) => `${severity}: ${what}`);

Deno.test("each look has an id of its own", () => {
  const ids = [...looks, ...machineLooks].map(({ id }) => id);
  assertEquals(ids.length, new Set(ids).size);
});

Deno.test("the clock: far in the past, far ahead, and right", async () => {
  const at = async (nowMs: number) =>
    (await clock.find({ ...looker, nowMs }, [])).map(({ severity }) =>
      severity
    );
  assertEquals(await at(0), ["error"]);
  assertEquals(await at(Date.UTC(2200, 0, 1)), ["error"]);
  assertEquals(await at(looker.nowMs), []);
});

/** Whose name is mx.example.org, and whose domain is example.org. */
async function dnsFindings(
  zone: Readonly<Record<string, readonly string[] | "fails">>,
): Promise<readonly Finding[]> {
  const resolver = (name: string, type: string): Promise<Lookup> => {
    const records = zone[`${type} ${name}`];
    if (records === "fails") {
      return Promise.resolve({ type: "failed", reason: "no answer" });
    }
    return Promise.resolve(
      records ? { type: "found", records } : { type: "none", exists: true },
    );
  };
  const smtpd = {
    ...unasked,
    me: "mx.example.org",
    rcpthosts: "example.org",
    control: "/nowhere",
    queueProgram: "/nowhere",
  };
  const patient = { gates: [{ smtpd }] } as unknown as Patient;
  return await dns.find(patient, { ...looker, resolver });
}

const good = {
  "A mx.example.org": ["192.0.2.1"],
  "PTR 1.2.0.192.in-addr.arpa": ["mx.example.org"],
  "MX example.org": ["10 mx.example.org"],
  "TXT example.org": ["v=spf1 mx -all", "something else"],
  "TXT _mta-sts.example.org": ["v=STSv1; id=1;"],
  "TXT _smtp._tls.example.org": ["v=TLSRPTv1; rua=mailto:a@example.org"],
};

Deno.test("the DNS of a host that is well is no reason to act", async () => {
  const found = await dnsFindings(good);
  assertEquals(told(found).filter((each) => !each.startsWith("note")), []);
  assert(found.some(({ isUnseen, what }) => isUnseen && /MTA-STS/.test(what)));
});

const dnsFaults: [
  name: string,
  zone: Record<string, string[] | "fails" | undefined>,
  what: RegExp,
][] = [
  [
    "no address",
    { "A mx.example.org": undefined },
    /^error: .* has no address/,
  ],
  [
    "no PTR",
    { "PTR 1.2.0.192.in-addr.arpa": undefined },
    /^error: 192\.0\.2\.1 has no name/,
  ],
  [
    "a PTR that does not lead back",
    { "PTR 1.2.0.192.in-addr.arpa": ["other.example"] },
    /^error: .*other\.example, which does not lead back/,
  ],
  [
    "a PTR of another name that leads back",
    {
      "PTR 1.2.0.192.in-addr.arpa": ["other.example"],
      "A other.example": ["192.0.2.1"],
    },
    /^note: .*other\.example, not mx/,
  ],
  ["no MX", { "MX example.org": undefined }, /^error: .*no MX record and no/],
  [
    "no MX, but an address",
    { "MX example.org": undefined, "A example.org": ["192.0.2.1"] },
    /^note: .*no MX record/,
  ],
  ["another MX", { "MX example.org": ["10 b.example"] }, /^note: .*goes to b/],
  [
    "an MX without an address",
    { "MX example.org": ["10 b.example"] },
    /^error: the MX b\.example .* no address/,
  ],
  [
    "an MX that is an alias",
    { "CNAME mx.example.org": ["b.example"] },
    /^warning: .*alias/,
  ],
  ["no mail", { "MX example.org": ["0 ."] }, /^error: .*takes no mail/],
  ["no SPF", { "TXT example.org": ["x"] }, /^warning: .*no SPF/],
  [
    "two SPF",
    { "TXT example.org": ["v=spf1 -all", "v=spf1 mx"] },
    /^error: .*2 SPF/,
  ],
  [
    "MTA-STS that is malformed",
    { "TXT _mta-sts.example.org": ["v=STSv1; id=-"] },
    /^warning: the MTA-STS record .*malformed/,
  ],
  [
    "no TLSRPT",
    { "TXT _smtp._tls.example.org": undefined },
    /^note: .*no TLSRPT/,
  ],
  ["no answer", { "TXT example.org": "fails" }, /^note: TXT .*no answer/],
];

for (const [name, zone, what] of dnsFaults) {
  Deno.test(`the DNS: ${name}`, async () => {
    const found = await dnsFindings({ ...good, ...zone } as typeof good);
    const text = told(found);
    assert(text.some((each) => what.test(each)), text.join("\n"));
    for (const { remedy } of found) assert(remedy !== "");
  });
}

Deno.test("links that lead to nothing, to another postern, and what was kept", () =>
  inFolder(async (folder) => {
    const executable = `${folder}/postern`;
    for (const name of ["postern", "postern-0.1"]) {
      await Deno.writeTextFile(`${folder}/${name}`, name);
    }
    await Deno.symlink(`${folder}/gone`, `${folder}/tcpserver`);
    await Deno.symlink(`${folder}/postern-0.1`, `${folder}/qmail-smtpd`);
    await Deno.writeTextFile(`${folder}/splogger.before-postern`, "");
    const find = () => links.find({ ...looker, executable }, []);
    const own = (await find()).filter(({ where }) => where?.startsWith(folder));
    assertEquals(
      told(own).map((each) => each.split(" ").slice(0, 4).join(" ")),
      [
        "warning: qmail-smtpd leads to",
        "warning: what stood at",
        "error: tcpserver leads to",
      ],
    );
    assertMatch(own[2].remedy, /^postern install-links /);
    await Deno.remove(`${folder}/tcpserver`);
    await Deno.remove(`${folder}/qmail-smtpd`);
    await Deno.remove(`${folder}/splogger.before-postern`);
    await Deno.symlink(executable, `${folder}/tcpserver`);
    const after = (await find()).filter(({ where }) =>
      where?.startsWith(folder)
    );
    assertEquals(after, []);
  }));

Deno.test("what is installed: scripts, units, services, rules", () =>
  inFolder(async (root) => {
    const put = async (path: string, text: string) => {
      await Deno.mkdir(`${root}${path}`.replace(/\/[^/]*$/, ""), {
        recursive: true,
      });
      await Deno.writeTextFile(`${root}${path}`, text);
    };
    await put("/etc/init.d/smtpd", "tcpserver 0 25 p &\n");
    await put("/etc/init.d/cron", "exec cron\n");
    await put(
      "/etc/systemd/system/s.service",
      "[Service]\nExecStart=/p/postern serve 0 26 smtpd\n",
    );
    await put("/etc/sv/pop/run", "exec tcpserver 0 110 p\n");
    await put("/etc/tcp.smtp", ":allow\n");
    await put("/etc/tcp.smtp.cdb", "");
    await Deno.mkdir(`${root}/etc/service`);
    await Deno.symlink(`${root}/etc/sv/pop`, `${root}/etc/service/pop`);
    const { scripts, rules } = installed(root);
    assertEquals(scripts.map(({ args }) => args[1]).sort(), [
      "110",
      "25",
      "26",
    ]);
    assertEquals(rules, [{
      text: `${root}/etc/tcp.smtp`,
      cdb: `${root}/etc/tcp.smtp.cdb`,
    }]);
  }));

Deno.test("which addresses stand in each other's way", () => {
  assert(overlaps("0.0.0.0", "192.0.2.1"));
  assert(overlaps("::", "192.0.2.1"));
  assert(overlaps("192.0.2.1", "192.0.2.1"));
  assert(!overlaps("0.0.0.0", "2001:db8::1"));
  assert(!overlaps("192.0.2.2", "192.0.2.1"));
});

Deno.test(
  needing({}, "what ids may do, with all folders on the way"),
  () =>
    inFolder(async (folder) => {
      const nobody = { uid: 65534, gid: 65534 };
      await Deno.mkdir(`${folder}/open/inner`, { recursive: true });
      await Deno.chmod(`${folder}/open`, 0o755);
      await Deno.chmod(`${folder}/open/inner`, 0o700);
      await Deno.writeTextFile(`${folder}/open/inner/file`, "");
      await Deno.writeTextFile(`${folder}/open/readable`, "");
      await Deno.chmod(`${folder}/open/readable`, 0o644);
      await Deno.symlink("open/inner", `${folder}/link`);
      await Deno.symlink("link/../readable", `${folder}/back`);
      const of = (path: string) =>
        accessOf(`${folder}/${path}`, nobody, "read");
      assertEquals(of("open/readable"), { type: "allowed" });
      assertEquals(of("open/none"), { type: "missing" });
      const denied = {
        type: "denied",
        path: `${folder}/open/inner`,
        mode: 0o700,
        lacks: "search",
        isFolder: true,
      };
      assertEquals(of("open/inner/file"), denied as ReturnType<typeof of>);
      assertEquals(of("link/file"), denied as ReturnType<typeof of>);
      // A link's own ".." is the folder above what it leads to.
      assertEquals(of("back"), denied as ReturnType<typeof of>);
      assertEquals(
        accessOf(`${folder}/link/file`, { uid: 0, gid: 0 }, "write"),
        {
          type: "allowed",
        },
      );
    }),
);
