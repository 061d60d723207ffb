/**
 * Certificates for tests: of `localhost` and 127.0.0.1, signed by themselves.
 *
 * @module
 */
import { output } from "./peers.ts";

/** Paths of PEM files, and the certificate's text. */
export interface TestCertificate {
  readonly certPath: string;
  readonly keyPath: string;
  readonly cert: string;
}

/** Makes one, and its key, in files that begin with `${folder}/${name}`. */
export async function makeCertificate(
  folder: string,
  name = "server",
): Promise<TestCertificate> {
  const certPath = `${folder}/${name}.crt`, keyPath = `${folder}/${name}.key`;
  const { code, stderr } = await output("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"],
    ...["-pkeyopt", "ec_paramgen_curve:prime256v1"],
    ...["-keyout", keyPath, "-out", certPath, "-subj", `/CN=${name}`],
    ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
    // Clients on rustls take no authority's certificate for a server's own.
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
  ]);
  if (code !== 0) throw new Error(`openssl req: ${stderr}`);
  return { certPath, keyPath, cert: await Deno.readTextFile(certPath) };
}
