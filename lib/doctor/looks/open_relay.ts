/**
 * Whether strangers may relay, by what is in effect now.
 *
 * @module
 */
import { fromBytes } from "../../base/bytes.ts";
import { escaped } from "../../base/foreign_text.ts";
import { verifiedCdb } from "../../cdb/verify.ts";
import { decision, isForName, relays } from "../../rules/lookup.ts";
import { readNamedFile } from "../../sys/named_file.ts";
import { error, type Finding, note, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import type { GatePart, Patient, Rules } from "../patient.ts";
import { ourDomains } from "../domains.ts";
import { baseName, quoted, statOf } from "../words.ts";

export const openRelay: Look = {
  id: "relay",
  summary: "an open relay: by options, variables, domains and rules in effect",
  needs: ["gate"],
  find(patient) {
    return [
      ...patient.gates.flatMap(({ smtpd, where }) =>
        smtpd?.openRelay
          ? [error(
            "--open-relay: whoever connects may send to everywhere",
            "take it out, and name your domains: --rcpthosts DOMAIN,...",
            where,
          )]
          : []
      ),
      ...ofEnvironment(patient),
      ...patient.gates.flatMap((gate) =>
        gate.smtpd ? ofDomains(gate.smtpd) : ofStranger(gate, patient)
      ),
      ...patient.rules.filter(({ isUsed }) => isUsed).flatMap(ofRules),
    ];
  },
};

function ofEnvironment({ env, gates, script }: Patient): Finding[] {
  if (gates.some(({ programEnv }) => programEnv.has("RELAYCLIENT"))) {
    return [error(
      "RELAYCLIENT is set in front of PROGRAM: whoever connects may relay",
      'take it out there, and write it into the rules: 192.168.0.:allow,RELAYCLIENT=""',
      script?.path ?? null,
    )];
  }
  if (!env.has("RELAYCLIENT")) return [];
  const isSeen = gates.some(({ smtpd }) => smtpd !== null) || script !== null;
  return !isSeen ? [] : [error(
    "RELAYCLIENT is set where the gate is started: whoever connects may relay",
    'take it out there, and write it into the rules: 192.168.0.:allow,RELAYCLIENT=""',
    script?.path ?? null,
  )];
}

function ofDomains(smtpd: Parameters<typeof ourDomains>[0]): Finding[] {
  const { domains, where } = ourDomains(smtpd);
  if (domains === null) {
    return [note(
      "nobody says which domains are ours: mail is taken for our own name",
      "--rcpthosts DOMAIN,... or control/rcpthosts",
      where,
    )];
  }
  return domains.filter((each) => /^\.[^.]+$/.test(each)).map((each) =>
    error(
      `mail is taken for every domain that ends in ${each}`,
      `write your own domains in place of ${quoted(each)}`,
      where,
    )
  );
}

/** qmail's own smtpd relays for the whole world where it has no list. */
function ofStranger(
  { core: [program = ""] }: GatePart,
  { env }: Patient,
): Finding[] {
  if (baseName(program) !== "qmail-smtpd" || statOf(program) === null) {
    return [];
  }
  const control = `${env.get("QMAILHOME") ?? "/var/qmail"}/control`;
  if (statOf(control) === null || statOf(`${control}/rcpthosts`) !== null) {
    return [];
  }
  return [error(
    `${program}, which is not postern's, relays for everybody without rcpthosts`,
    `write your domains into ${control}/rcpthosts`,
    control,
  )];
}

/** No registry gives anybody a larger network of IPv6; fd00::/8 is private. */
const leastNetworkBits = 7;

/** More than these addresses are nobody's own. */
const mostAddresses = 2 ** 28;

function ofRules({ cdb, text, paranoid }: Rules): Finding[] {
  let entries: [string, Uint8Array][];
  try {
    entries = [...verifiedCdb(readNamedFile(cdb)).entries()].map((
      [key, data],
    ) => [fromBytes(key), data]);
  } catch {
    return []; // the look at the database says so
  }
  const making = `postern rules compile -o ${quoted(cdb)} ${
    quoted(text ?? "TEXT")
  }`;
  const remedy = `set RELAYCLIENT for your own networks alone, then ${making}`;
  const seen = new Set<string>();
  let addresses = 0;
  const found: Finding[] = [];
  for (const [key, data] of entries) {
    if (seen.has(key)) continue; // only the first is ever found
    seen.add(key);
    if (!relays(decision(key, data))) continue;
    if (key === "" || key === "=" || key === "::/0" || key === "0.0.0.0/0") {
      found.push(error(
        key === "="
          ? "whoever has a name may relay: an open relay"
          : "everybody may relay: an open relay",
        remedy,
        cdb,
      ));
    } else if (isForName(key) && !paranoid) {
      found.push(warning(
        `"${
          escaped(key)
        }" may relay, and whoever has an address can give it any name`,
        "start the gate with -p, or write the address in place of the name",
        cdb,
      ));
    }
    const [, bits] = /:.*\/(\d+)$/.exec(key) ?? [];
    if (bits !== undefined && Number(bits) < leastNetworkBits) {
      found.push(error(`all of ${escaped(key)} may relay`, remedy, cdb));
    }
    const prefix = /^(?:\d+\.){1,3}$/.exec(key);
    if (prefix && !/^(10|127)\./.test(key)) {
      addresses += 2 ** (32 - 8 * (key.split(".").length - 1));
    }
  }
  if (addresses >= mostAddresses) {
    found.push(error(`${addresses} addresses may relay`, remedy, cdb));
  }
  return found;
}
