/**
 * What clients would find wrong with a certificate that a server can use all
 * the same.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { alternativeDnsNames, isNamed } from "./certificate_names.ts";

const block =
  /-----BEGIN CERTIFICATE-----([\w+/=\s]*)-----END CERTIFICATE-----/g;
/** As many names as fit into a line. */
const mostNames = 5;

/**
 * Each in some words that follow the path of the file.
 *
 * @param pem the certificate, then those that vouch for it
 * @param hostName what clients know us as; null if nobody knows
 * @param nowMs since 1970
 */
export function certificateFaults(
  pem: string,
  hostName: string | null,
  nowMs: number,
): string[] {
  const faults: string[] = [];
  for (const [i, [text, base64]] of [...pem.matchAll(block)].entries()) {
    const which = i === 0 ? "the certificate" : `certificate ${i + 1} in it`;
    const certificate = parsed(text);
    if (certificate === null) {
      faults.push(`${which} is malformed`);
      continue;
    }
    const { validFrom, validTo, subject } = certificate;
    if (nowMs > Date.parse(validTo)) {
      faults.push(`${which} has expired, on ${dayOf(validTo)}`);
    } else if (nowMs < Date.parse(validFrom)) {
      faults.push(`${which} is not valid yet, but from ${dayOf(validFrom)} on`);
    }
    if (i > 0 || hostName === null) continue;
    const names = namesIn(base64, subject);
    if (isNamed(hostName, names)) continue;
    const shown = printable(names.slice(0, mostNames)) || "nobody";
    const more = names.length > mostNames ? ", ..." : "";
    faults.push(
      `${which} is for ${shown}${more}, not for our name, ${hostName} (--me)`,
    );
  }
  return faults;
}

/** The last moment of the first certificate, in ISO 8601; null if it has none. */
export function validUntil(pem: string): string | null {
  const first = pem.match(block)?.[0];
  const certificate = first === undefined ? null : parsed(first);
  return certificate && new Date(certificate.validTo).toISOString();
}

function parsed(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null; // in the runtime's words there is nothing to go by
  }
}

/** Nothing in a certificate can forge a line of the log. */
const printable = (names: readonly string[]) =>
  names.join(", ").replace(/[^ -~]/g, "?");

const dayOf = (date: string) =>
  new Date(date).toISOString().replace("T", " ").replace(
    /:\d\d\.\d+Z$/,
    " UTC",
  );

/** Where there are other names, the common one does not count. */
function namesIn(base64: string, subject: string): string[] {
  const der = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  const names = alternativeDnsNames(der);
  if (names.length > 0) return names;
  return [...subject.matchAll(/^CN=(.+)$/gm)]
    .map(([, name]) => name.toLowerCase());
}
