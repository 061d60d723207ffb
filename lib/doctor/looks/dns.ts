/**
 * What the DNS says of us and of our domains. The one look that asks others.
 *
 * @module
 */
import { canonicalAddress } from "../../base/ip.ts";
import { isMailDomain } from "../../mail/domain.ts";
import { reverseName } from "../../net/names.ts";
import type { Lookup, RecordType, Resolver } from "../../net/resolver.ts";
import { hostNameNow } from "../../smtpd/controls.ts";
import { ourDomains } from "../domains.ts";
import { error, type Finding, note, unseen, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import { plural } from "../words.ts";

/** A host of a thousand domains looks at some of them. */
const mostDomains = 20;

export const dns: Look = {
  id: "dns",
  summary: "PTR, A, MX, SPF, MTA-STS and TLSRPT records",
  needs: ["smtpd", "dns"],
  async find({ gates }, { resolver }) {
    const found: Finding[] = [];
    const seen = new Set<string>();
    const once = async (key: string, act: () => Promise<Finding[]>) => {
      if (seen.has(key)) return;
      seen.add(key);
      found.push(...await act());
    };
    for (const { smtpd } of gates) {
      if (smtpd === null) continue;
      const me = hostNameNow(smtpd)?.toLowerCase() ?? null;
      if (me !== null) await once(`me ${me}`, () => ofHost(me, resolver!));
      const all = (ourDomains(smtpd).domains ?? (me === null ? [] : [me]))
        .filter((each) => !each.startsWith(".") && isMailDomain(each));
      if (all.length > mostDomains) {
        found.push(unseen(
          `${all.length - mostDomains} of ${plural(all.length, "domain")}`,
          "only the first ones were asked about",
        ));
      }
      for (const domain of all.slice(0, mostDomains)) {
        await once(domain, () => ofDomain(domain, me, resolver!));
      }
    }
    return found;
  },
};

/** What was found; an empty list where there is none. */
async function ask(
  resolver: Resolver,
  name: string,
  type: RecordType,
  found: Finding[],
): Promise<readonly string[] | null> {
  const lookup: Lookup = await resolver(name, type);
  if (lookup.type === "found") return lookup.records;
  if (lookup.type === "none") return [];
  found.push(unseen(
    `${type} of ${name}: ${lookup.reason}`,
    "look again when the name server answers (/etc/resolv.conf)",
  ));
  return null;
}

/** Our name: its addresses, and that they lead back. */
async function ofHost(me: string, resolver: Resolver): Promise<Finding[]> {
  const found: Finding[] = [];
  if (!me.includes(".") || me.endsWith(".localdomain")) {
    return [warning(
      `our name, ${me}, is none that others know`,
      "--me with the name that our address has in the DNS, such as mx.example.org",
    )];
  }
  const v4 = await ask(resolver, me, "A", found);
  const v6 = await ask(resolver, me, "AAAA", found);
  const ips = [...v4 ?? [], ...v6 ?? []].map(canonicalAddress);
  if (v4 !== null && v6 !== null && ips.length === 0) {
    found.push(error(
      `our name, ${me}, has no address`,
      `an A record of ${me} in its zone`,
    ));
  }
  const own = new Set(Deno.networkInterfaces().map(({ address }) => address));
  if (ips.length > 0 && !ips.some((ip) => own.has(ip))) {
    found.push(note(
      `${me} is ${ips.join(", ")}, which no interface here has`,
      "fine behind a router that passes it on; else mend its A record",
    ));
  }
  for (const ip of ips) {
    const names = await ask(resolver, reverseName(ip), "PTR", found);
    if (names === null || names.some((name) => name.toLowerCase() === me)) {
      continue;
    }
    found.push(
      names.length === 0
        ? error(
          `${ip} has no name (PTR): large servers take no mail from it`,
          `ask whoever gave you the address for the PTR record ${me}`,
        )
        : await leadsBack(names[0], ip, resolver)
        ? note(
          `${ip} is called ${names[0]}, not ${me}, and that leads back`,
          `--me ${names[0]}, or a PTR record ${me}`,
        )
        : error(
          `${ip} is called ${names[0]}, which does not lead back to it`,
          `ask whoever gave you the address for the PTR record ${me}`,
        ),
    );
  }
  return found;
}

async function leadsBack(name: string, ip: string, resolver: Resolver) {
  const lookup = await resolver(name, ip.includes(":") ? "AAAA" : "A");
  return lookup.type === "found" &&
    lookup.records.some((each) => canonicalAddress(each) === ip);
}

/** A domain that mail is taken for. */
async function ofDomain(
  domain: string,
  me: string | null,
  resolver: Resolver,
): Promise<Finding[]> {
  const found: Finding[] = [];
  found.push(...await ofMx(domain, me, resolver, found));
  const isMe = domain === me;
  const texts = await ask(resolver, domain, "TXT", found);
  const spf = texts?.filter((text) => /^v=spf1(?: |$)/i.test(text));
  if (spf?.length === 0) {
    const make = isMe ? note : warning;
    found.push(make(
      `${domain} has no SPF record: others cannot tell its mail from forgeries`,
      `TXT of ${domain}: "v=spf1 mx -all"`,
    ));
  } else if (spf && spf.length > 1) {
    found.push(error(
      `${domain} has ${spf.length} SPF records, which counts as an error for all`,
      "one of them with what both say",
    ));
  } else if (spf?.length === 1) found.push(...ofSpf(domain, spf[0]));
  found.push(
    ...await ofText(
      {
        name: `_mta-sts.${domain}`,
        domain,
        what: "MTA-STS",
        begins: /^v=STSv1\s*;\s*id=[A-Za-z0-9]{1,32}\s*(?:;|$)/,
        example: '"v=STSv1; id=20250101T000000"',
        more: ` and https://mta-sts.${domain}/.well-known/mta-sts.txt`,
      },
      resolver,
      found,
    ),
    ...await ofText(
      {
        name: `_smtp._tls.${domain}`,
        domain,
        what: "TLSRPT",
        begins: /^v=TLSRPTv1\s*;\s*rua=\S+/,
        example: `"v=TLSRPTv1; rua=mailto:postmaster@${domain}"`,
        more: "",
      },
      resolver,
      found,
    ),
  );
  return found;
}

async function ofMx(
  domain: string,
  me: string | null,
  resolver: Resolver,
  told: Finding[],
): Promise<Finding[]> {
  const records = await ask(resolver, domain, "MX", told);
  if (records === null) return [];
  const hosts = records.map((each) => each.replace(/^\d+ /, "").toLowerCase());
  if (hosts.length === 0) {
    const v4 = await ask(resolver, domain, "A", told);
    const v6 = await ask(resolver, domain, "AAAA", told);
    if (v4 === null || v6 === null) return [];
    const remedy = `MX of ${domain}: 10 ${me ?? "NAME"}.`;
    return v4.length + v6.length > 0
      ? [
        note(
          `${domain} has no MX record: mail comes to its own address`,
          remedy,
        ),
      ]
      : [
        error(
          `${domain} has no MX record and no address: no mail comes`,
          remedy,
        ),
      ];
  }
  const found: Finding[] = [];
  if (hosts.length === 1 && [".", ""].includes(hosts[0])) {
    return [
      error(
        `${domain} says that it takes no mail (MX 0 .)`,
        `MX of ${domain}: 10 ${me}.`,
      ),
    ];
  }
  if (me !== null && !hosts.includes(me)) {
    found.push(note(
      `mail for ${domain} goes to ${hosts.join(", ")}, not to ${me}`,
      "fine if that hands it on to us; else an MX record with our name",
    ));
  }
  for (const host of hosts) {
    const alias = await ask(resolver, host, "CNAME", told);
    if (alias && alias.length > 0) {
      found.push(warning(
        `the MX ${host} of ${domain} is an alias (CNAME), which RFC 2181 10.3 forbids`,
        `${alias[0]} in its place`,
      ));
      continue;
    }
    const v4 = await ask(resolver, host, "A", told);
    const v6 = await ask(resolver, host, "AAAA", told);
    if (v4 && v6 && v4.length + v6.length === 0) {
      found.push(error(
        `the MX ${host} of ${domain} has no address`,
        `an A record of ${host}`,
      ));
    }
  }
  return found;
}

/** RFC 7208 4.6.1, 5 and 6, as far as a look at the words tells. */
const spfTerm = new RegExp(
  "^(?:[-+?~]?(?:all|(?:a|mx)(?::[^\\s/]+)?(?:/\\d+)?(?://\\d+)?|ptr(?::\\S+)?|" +
    "ip4:[\\d.]+(?:/\\d+)?|ip6:[\\da-f:.]+(?:/\\d+)?|(?:include|exists):\\S+)|" +
    "[a-z][\\w.-]*=\\S*)$",
  "i",
);

function ofSpf(domain: string, record: string): Finding[] {
  const terms = record.split(/ +/).slice(1).filter((term) => term !== "");
  const wrong = terms.find((term) => !spfTerm.test(term));
  if (wrong !== undefined) {
    return [error(
      `the SPF record of ${domain} is malformed at ${wrong}, which counts as ` +
        "an error for all",
      `TXT of ${domain}: "v=spf1 mx -all", or mend that word`,
    )];
  }
  return terms.some((term) => /^\+?all$/i.test(term))
    ? [warning(
      `the SPF record of ${domain} lets everybody send as it (${record})`,
      "-all or ~all at its end",
    )]
    : [];
}

interface Wanted {
  readonly name: string;
  readonly domain: string;
  readonly what: string;
  readonly begins: RegExp;
  readonly example: string;
  /** What else there has to be. */
  readonly more: string;
}

/** A TXT record by which a domain says one thing. */
async function ofText(
  { name, domain, what, begins, example, more }: Wanted,
  resolver: Resolver,
  told: Finding[],
): Promise<Finding[]> {
  const texts = await ask(resolver, name, "TXT", told);
  if (texts === null) return [];
  const remedy = `TXT of ${name}: ${example}${more}`;
  const version = begins.source.slice(1, begins.source.indexOf("\\"));
  const own = texts.filter((text) => text.startsWith(version));
  if (own.length === 0) {
    return [note(`${domain} has no ${what} record`, remedy)];
  }
  if (own.length > 1 || !begins.test(own[0])) {
    return [warning(
      own.length > 1
        ? `${domain} has ${own.length} ${what} records, so none counts`
        : `the ${what} record of ${domain} is malformed: ${own[0]}`,
      remedy,
    )];
  }
  return what !== "MTA-STS" ? [] : [unseen(
    `the MTA-STS policy of ${domain} is at https://mta-sts.${domain}/, which ` +
      "was not asked",
    `curl https://mta-sts.${domain}/.well-known/mta-sts.txt`,
  )];
}
