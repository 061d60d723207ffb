/**
 * Certificates one above the other, and what is too weak in them.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { type Finding, note, unseen, warning } from "./finding.ts";
import { textOf } from "./words.ts";

/** NIST SP 800-57: what is to be good beyond 2030 has 112 bits at least. */
const leastRsaBits = 2048;
const weakCurves = ["secp192r1", "prime192v1", "secp224r1", "secp160r1"];
/** OIDs in DER, with their tags: signatures by MD5 or SHA-1 (RFC 3279). */
const weakSignatures: Readonly<Record<string, string>> = {
  "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04": "MD5",
  "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05": "SHA-1",
  "\x06\x07\x2a\x86\x48\xce\x3d\x04\x01": "SHA-1",
};

/** Where systems have the authorities that they trust. */
const bundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

const block = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** What a server shows: its own first, each next vouches for the one before. */
export function chainFaults(
  all: readonly X509Certificate[],
  path: string,
): Finding[] {
  const [first] = all;
  if (first.issuer === first.subject) {
    return [note(
      "the certificate is signed by itself: other mail servers take it, " +
        "users' programs do not",
      "certbot certonly -d NAME gets one that all take",
      path,
    )];
  }
  const found: Finding[] = [];
  let at = first;
  const left = all.slice(1);
  const inOrder: X509Certificate[] = [];
  for (;;) {
    const next = left.findIndex(({ subject }) => subject === at.issuer);
    if (next < 0 || at.issuer === at.subject) break;
    [at] = left.splice(next, 1);
    inOrder.push(at);
  }
  if (inOrder.some((each, i) => each !== all[i + 1])) {
    found.push(warning(
      "the chain is out of order",
      "write the certificate first, then the one that vouches for it, and so on",
      path,
    ));
  } else if (left.length > 0) {
    found.push(warning(
      `the chain has a certificate that vouches for none of the others: ${
        shown(left[0].subject)
      }`,
      "take it out",
      path,
    ));
  }
  if (at.issuer === at.subject) return found; // the root itself
  const issuer = shown(at.issuer);
  const roots = trusted();
  if (roots === null) {
    found.push(unseen(
      `whether clients know ${issuer}: no list of authorities is here`,
      "install the package ca-certificates",
      path,
    ));
  } else if (!roots.has(at.issuer)) {
    found.push(warning(
      `the chain is not complete: it ends at ${issuer}, whom clients may not know`,
      "append the certificate of that authority (certbot: fullchain.pem in " +
        "place of cert.pem)",
      path,
    ));
  }
  return found;
}

/** @param pems the same certificates as texts */
export function weaknesses(
  all: readonly X509Certificate[],
  pems: readonly string[],
  path: string,
): Finding[] {
  return all.flatMap((each, i) => {
    const which = i === 0 ? "the certificate" : `certificate ${i + 1} in it`;
    const isRoot = i > 0 && each.issuer === each.subject;
    const why = [weakKey(each), isRoot ? null : weakSignature(pems[i])]
      .filter((one) => one !== null);
    return why.map((one) =>
      warning(
        `${which} ${one}: clients refuse it`,
        "ask for a new one with a key of its own: openssl genpkey " +
          "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        path,
      )
    );
  });
}

function weakKey({ publicKey }: X509Certificate): string | null {
  const { modulusLength: bits, namedCurve: curve } =
    publicKey.asymmetricKeyDetails ?? {};
  if (bits !== undefined && bits < leastRsaBits) {
    return `has a key of ${bits} bits`;
  }
  if (curve !== undefined && weakCurves.includes(curve)) {
    return `has a key on ${curve}`;
  }
  return null;
}

function weakSignature(pem: string): string | null {
  // Not each version of the runtime gives the bytes of a certificate.
  const der = atob(pem.replace(/-----[^-]*-----|\s/g, ""));
  const found = Object.entries(weakSignatures).find(([id]) => der.includes(id));
  return found ? `is signed with ${found[1]}` : null;
}

/** Subjects of the authorities that this system trusts; null if none is known. */
function trusted(): ReadonlySet<string> | null {
  const text = bundles.map(textOf).find((each) => each !== null);
  if (!text) return null;
  const subjects = new Set<string>();
  for (const [pem] of text.matchAll(block)) {
    try {
      subjects.add(new X509Certificate(pem).subject);
    } catch {
      // One that the runtime does not understand vouches for nobody here.
    }
  }
  return subjects;
}

const shown = (name: string) => name.replaceAll("\n", ", ");
