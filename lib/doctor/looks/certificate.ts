/**
 * Certificates, their keys and the chain above them, as clients see them.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { reason } from "../../base/reason.ts";
import { certificateFaults } from "../../net/certificate_faults.ts";
import { hostNameNow } from "../../smtpd/controls.ts";
import { smtpdReach } from "../../smtpd/reach.ts";
import { readNamedFile, whyUnreadable } from "../../sys/named_file.ts";
import { accessOf, remedyFor } from "../access.ts";
import { userName } from "../accounts.ts";
import { chainFaults, weaknesses } from "../chain.ts";
import { error, type Finding, note, unseen, warning } from "../finding.ts";
import type { Look } from "../look.ts";
import type { GatePart, Looker, Patient } from "../patient.ts";
import { absolute, plural, quoted, statOf } from "../words.ts";

/** Whoever renews by hand wants three weeks. */
const soonDays = 21;
const dayMs = 86_400_000;
const othersMayRead = 0o004;
const pemBlock =
  /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

export const certificate: Look = {
  id: "certificate",
  summary: "certificates: key, chain, names, days left, strength",
  needs: ["gate"],
  find(patient, looker) {
    const seen = new Map<string, { key: string; host: string | null }>();
    for (const gate of patient.gates) {
      for (const { cert, key } of certificatesOf(gate, patient)) {
        const host = gate.smtpd ? hostNameNow(gate.smtpd) : null;
        seen.set(cert, { key, host });
      }
    }
    return [...seen].flatMap(([cert, { key, host }]) => [
      ...ofCertificate(cert, host, looker),
      ...ofKey(key, patient),
    ]);
  },
};

function certificatesOf({ options, smtpd }: GatePart, { env }: Patient) {
  const starttls = smtpd ? smtpdReach(smtpd, env, new Map()).certificates : [];
  return options.tls === null ? starttls : [options.tls, ...starttls];
}

function ofCertificate(
  path: string,
  host: string | null,
  { nowMs, uid }: Looker,
): Finding[] {
  let pem: string;
  try {
    pem = new TextDecoder().decode(readNamedFile(path));
  } catch (cause) {
    const why = whyUnreadable(cause);
    const isHidden = uid !== 0 && why === "access denied";
    return isHidden
      ? [unseen(`unable to read the certificate: ${why}`, "look as root", path)]
      : []; // --check says so
  }
  const all: X509Certificate[] = [];
  const pems: string[] = [];
  for (const [text] of pem.matchAll(pemBlock)) {
    try {
      all.push(new X509Certificate(text));
      pems.push(text);
    } catch {
      // That it is malformed is among the faults.
    }
  }
  const faults = certificateFaults(pem, host, nowMs);
  const found = faults.map((fault) =>
    error(fault, remedyOf(fault, host), path)
  );
  const [first] = all;
  if (first === undefined) return found;
  const leftDays = Math.floor((Date.parse(first.validTo) - nowMs) / dayMs);
  if (leftDays >= 0) {
    const left = `the certificate is good for ${plural(leftDays, "day")} yet`;
    found.push(
      leftDays < soonDays ? warning(left, renewal, path) : note(left, "", path),
    );
  }
  try {
    return [
      ...found,
      ...weaknesses(all, pems, path),
      ...chainFaults(all, path),
    ];
  } catch (cause) {
    const why = reason(cause);
    return [...found, unseen(`unable to judge its chain: ${why}`, "", path)];
  }
}

const renewal = "renew it (certbot renew), then kill -HUP the gate";

function remedyOf(fault: string, host: string | null): string {
  if (fault.includes("not for our name")) {
    return `ask for one that has ${host}: certbot certonly -d ${host}; ` +
      "or say the name that it is for with --me";
  }
  if (fault.includes("not valid yet")) return "look whether the clock is right";
  if (fault.includes("malformed")) return "take the file that was issued";
  return renewal;
}

/** It is read by who starts the gate, before the ids are given up. */
function ofKey(path: string, { starter }: Patient): Finding[] {
  const info = statOf(path);
  if (info === null) return [];
  const found: Finding[] = [];
  if ((info.mode! & othersMayRead) !== 0) {
    found.push(warning(
      "everybody on this machine may read the private key",
      `chmod 600 ${quoted(path)}`,
      path,
    ));
  }
  const full = absolute(path);
  const access = starter && accessOf(full, starter, "read");
  if (access?.type === "denied") {
    found.push(error(
      `${userName(starter!.uid)}, who starts the gate, may not read the key`,
      remedyFor(access, starter!),
      path,
    ));
  }
  return found;
}
