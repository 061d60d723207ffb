/**
 * Lookups at a real name server, dnsmasq: by datagrams as long as EDNS0 allows,
 * and by TCP what is longer.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { hostOf, leadsTo } from "../../lib/net/names.ts";
import {
  dnsResolver,
  type Lookup,
  type Resolver,
} from "../../lib/net/resolver.ts";
import { needing, peer, until } from "../support/peers.ts";

const texts = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${name} ${i} ${"x".repeat(180)}`);

/** Of 600, 1,100 and some 20,000 bytes, all of which want EDNS0 or TCP. */
const sizes = { three: 3, five: 5, hundred: 100 };

async function withDnsmasq(
  options: string[],
  fn: (resolver: Resolver) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const child = new Deno.Command(peer("dnsmasq")!, {
    args: [
      ...["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv"],
      ...["--no-hosts", "--user=root", "--log-queries=extra"],
      ...["--log-facility=-", "--pid-file=", "--bind-interfaces"],
      ...[`--port=${port}`, "--listen-address=127.0.0.1"],
      "--local=/example/",
      "--host-record=mx.example,192.0.2.7,2001:db8::7",
      "--mx-host=mail.example,mx.example,10",
      ...Object.entries(sizes).flatMap(([name, count]) =>
        texts(name, count).map((text) => `--txt-record=${name}.example,${text}`)
      ),
      ...options,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let log = "";
  const reading = child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({
      write(text) {
        log += text;
      },
    }),
  );
  try {
    await until("dnsmasq listens", () => log.includes("started"));
    await fn(dnsResolver(5, () => [{ ip: "127.0.0.1", port }]));
  } finally {
    child.kill("SIGTERM");
    await Promise.all([child.status, reading]);
  }
}

const sorted = (lookup: Lookup) =>
  lookup.type === "found" ? [...lookup.records].sort() : lookup;

for (
  const [what, options] of [
    ["that allows EDNS0's datagrams", []],
    ["that allows datagrams of 512 bytes", ["--edns-packet-max=512"]],
  ] as const
) {
  Deno.test(
    needing({ peers: ["dnsmasq"], root: true }, `a name server ${what}`),
    () =>
      withDnsmasq([...options], async (resolver) => {
        for (const [name, count] of Object.entries(sizes)) {
          assertEquals(
            sorted(await resolver(`${name}.example`, "TXT")),
            texts(name, count).sort(),
          );
        }
        assertEquals(await resolver("mail.example", "MX"), {
          type: "found",
          records: ["10 mx.example"],
        });
        assertEquals(await resolver("none.example", "A"), {
          type: "none",
          exists: false,
        });
        assertEquals(await resolver("mx.example", "TXT"), {
          type: "none",
          exists: true,
        });
        assertEquals((await resolver("elsewhere.test", "A")).type, "failed");
        for (const ip of ["192.0.2.7", "2001:db8::7"]) {
          assertEquals(await hostOf(ip, resolver), "mx.example");
          assertEquals(await leadsTo("mx.example", ip, resolver), true);
        }
        assertEquals(
          await leadsTo("mx.example", "192.0.2.8", resolver),
          false,
        );
      }),
  );
}
