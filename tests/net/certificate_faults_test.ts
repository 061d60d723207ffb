import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { certificateFaults } from "../../lib/net/certificate_faults.ts";
import {
  alternativeDnsNames,
  isNamed,
} from "../../lib/net/certificate_names.ts";
import {
  makeCertificate,
  makeDatedCertificate,
} from "../support/certificate.ts";
import { inFolder, needing, output } from "../support/peers.ts";
import { runs } from "../support/random.ts";

const needs = { peers: ["openssl"] };

Deno.test(
  needing(needs, "certificateFaults() tells what clients would find"),
  () =>
    inFolder(async (folder) => {
      const dates = ["20300101000000Z", "20310203040506Z"] as const;
      const { cert } = await makeDatedCertificate(folder, "mx.example", dates);
      const at = (date: string, host: string | null = "mx.example") =>
        certificateFaults(cert, host, Date.parse(date));
      assertEquals(at("2030-01-01T00:00:00Z"), []);
      assertEquals(at("2031-02-03T04:05:06Z"), []);
      assertEquals(at("2029-12-31T23:59:59Z"), [
        "the certificate is not valid yet, but from 2030-01-01 00:00 UTC on",
      ]);
      assertEquals(at("2031-02-03T04:05:07Z"), [
        "the certificate has expired, on 2031-02-03 04:05 UTC",
      ]);
      assertEquals(at("2030-06-01", "MX.Example"), []);
      assertEquals(at("2030-06-01", null), []);
      assertEquals(at("2030-06-01", "example"), [
        "the certificate is for mx.example, not for our name, example (--me)",
      ]);
      // Those that vouch for it need not be ours.
      const other = await makeDatedCertificate(folder, "other", [
        "20200101000000Z",
        "20210101000000Z",
      ]);
      const now = Date.parse("2030-06-01");
      assertEquals(certificateFaults(cert + other.cert, "mx.example", now), [
        "certificate 2 in it has expired, on 2021-01-01 00:00 UTC",
      ]);
      const broken =
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
      assertEquals(certificateFaults(cert + broken, null, now), [
        "certificate 2 in it is malformed",
      ]);
      assertEquals(certificateFaults("# no certificate", "x", now), []);
    }),
);

Deno.test(
  needing(
    needs,
    "a certificate's names are read, and the common one if it is alone",
  ),
  () =>
    inFolder(async (folder) => {
      const faults = async (...args: string[]) => {
        const path = `${folder}/cert`;
        const { code, stderr } = await output("openssl", [
          ...["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"],
          ...["-pkeyopt", "ec_paramgen_curve:prime256v1"],
          ...["-keyout", "/dev/null", "-out", path, ...args],
        ]);
        assertEquals(code, 0, stderr);
        const pem = await Deno.readTextFile(path);
        return (host: string) => certificateFaults(pem, host, Date.now());
      };
      const subject = ["-subj", "/O=Some one/CN=Mx.example/OU=x"];
      const common = await faults(...subject);
      assertEquals(common("mx.example"), []);
      assertEquals(common("x.example"), [
        "the certificate is for mx.example, not for our name, x.example (--me)",
      ]);
      const names =
        "DNS:A.example,IP:192.0.2.1,DNS:*.b.example,email:a@c.example";
      const many = await faults(
        ...subject,
        "-addext",
        `subjectAltName=${names}`,
      );
      for (const host of ["a.example", "A.EXAMPLE", "x.b.example"]) {
        assertEquals(many(host), [], host);
      }
      for (
        const host of ["b.example", "x.y.b.example", "mx.example", "192.0.2.1"]
      ) {
        assertEquals(many(host), [
          `the certificate is for a.example, *.b.example, not for our name, ${host} (--me)`,
        ]);
      }
      const nobody = await faults("-subj", "/O=Some one");
      assertEquals(nobody("x"), [
        "the certificate is for nobody, not for our name, x (--me)",
      ]);
      const long = "x".repeat(60);
      const hosts = Array.from(
        { length: 9 },
        (_, i) => `DNS:${long}${i}.example`,
      );
      const crowd = await faults(
        ...[...subject, "-addext", `subjectAltName=${hosts}`],
      );
      assertEquals(crowd(`${long}8.example`), []);
      assertEquals(crowd("x")[0].match(/x{60}\d/g)!.length, 5);
      assertEquals(crowd("x")[0].includes(", ..., not for"), true);
    }),
);

Deno.test("a wildcard stands for one label", () => {
  const names = ["a.example", "*.b.example"];
  for (const host of ["a.example", "x.b.example", "*.b.example"]) {
    assertEquals(isNamed(host, names), true, host);
  }
  for (const host of ["x.a.example", "b.example", "x.y.b.example", "", "."]) {
    assertEquals(isNamed(host, names), false, host);
  }
});

Deno.test(
  needing(needs, "alternativeDnsNames() ends, whatever the bytes are"),
  () =>
    inFolder(async (folder) => {
      const { cert } = await makeCertificate(folder);
      const der = Uint8Array.from(
        atob(cert.replace(/-.*-|\n/g, "")),
        (each) => each.charCodeAt(0),
      );
      assertEquals(alternativeDnsNames(der), ["localhost"]);
      for (let length = 0; length < der.length; length++) {
        alternativeDnsNames(der.subarray(0, length));
      }
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), {
            minLength: 1,
            maxLength: 4,
          }),
          (edits) => {
            const other = der.slice();
            for (const [at, byte] of edits) other[at] = byte;
            alternativeDnsNames(other);
          },
        ),
        { numRuns: runs(20_000, 2000) },
      );
    }),
);
