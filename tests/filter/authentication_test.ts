import { into } from "../support/troubles.ts";
import { committed, stranger as nobody } from "../deliver/submitter.ts";
import { generateKeyPairSync } from "node:crypto";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { dkimSign } from "mailauth/lib/dkim/sign.js";
import { concat, fromBytes, toBytes } from "../../lib/base/bytes.ts";
import type { Delivery, Target } from "../../lib/deliver/target.ts";
import {
  authentication,
  type AuthenticationFilterOptions,
} from "../../lib/filter/authentication.ts";
import { filtered } from "../../lib/filter/filtered.ts";
import type { Resolver } from "../../lib/net/resolver.ts";
import { fakeResolver, type Zone } from "../support/dns.ts";
import { inFolder } from "../support/peers.ts";
import { descriptorsIn } from "../support/processes.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "der" },
});

/** The domain of everybody honest here. */
const zone: Zone = {
  "TXT author.example": ["v=spf1 ip4:192.0.2.1 -all"],
  "TXT s1._domainkey.author.example": [
    `v=DKIM1; k=rsa; p=${publicKey.toString("base64")}`,
  ],
  "TXT _dmarc.author.example": ["v=DMARC1; p=reject"],
};

/** A target that keeps what it is given. */
class Recorder implements Target {
  readonly takesBinary = true;
  readonly takesUtf8 = true;
  readonly descriptors = 0;
  stored: string[] = [];
  abandoned = 0;
  opened = 0;
  left = 0;
  leave(): void {
    this.left++;
  }
  open(): ReturnType<Target["open"]> {
    this.opened++;
    const pieces: Uint8Array[] = [];
    return {
      append: (bytes) => void pieces.push(bytes.slice()),
      commit: () => {
        this.stored.push(fromBytes(concat(pieces)));
        return { type: "stored", id: "1" };
      },
      abandon: () => void this.abandoned++,
    };
  }
}

const envelope = {
  sender: "anne@author.example",
  recipients: ["b@to.example"],
};

interface Tried {
  delivery: Delivery;
  /** The whole message as stored, and its first field unfolded. */
  stored: string;
  results: string;
  recorder: Recorder;
  log: string[];
}

/** Delivers a message (LF) through the target, in small pieces. */
async function deliver(
  message: string,
  { helo = "out.author.example", ...options }:
    & Partial<AuthenticationFilterOptions>
    & {
      sender?: string;
      helo?: string | null;
      folder?: string;
      clientIp?: string;
    } = {},
  pieceBytes = 5000,
): Promise<Tried> {
  const recorder = new Recorder();
  const log: string[] = [];
  const { clientIp = "192.0.2.1", folder = "/nonexistent" } = options;
  const me = "mx.to.example", emit = into(log);
  const filter = authentication({
    ...{ me, resolver: fakeResolver(zone), seconds: 20, emit },
    records: true,
    obeysDmarc: false,
    ...options,
  });
  const target = filtered(recorder, [filter], {
    ...{ me, folder, emit, session: "a-1" },
    connection: nobody.connection,
  });
  const remote = { ...nobody.connection.remote, ip: clientIp };
  const connection = { ...nobody.connection, remote };
  const opened = await target.open({
    ...envelope,
    sender: options.sender ?? envelope.sender,
  }, { ...nobody, helo, connection });
  assert("commit" in opened);
  await opened.append(toBytes(ours));
  for (let at = 0; at < message.length; at += pieceBytes) {
    await opened.append(toBytes(message.slice(at, at + pieceBytes)));
  }
  const delivery = await committed(opened);
  const stored = recorder.stored[0] ?? "";
  const [field] = stored.split(/\n(?!\t)/, 1);
  return {
    delivery,
    stored,
    results: field.replace(/\n\t */g, " "),
    recorder,
    log,
  };
}

/** What our session writes first. */
const ours = "Received: from them\n  by us\n";

const plain = "From: Anne <anne@author.example>\nTo: b@to.example\n" +
  "Subject: hello\nDate: Tue, 1 Jul 2025 00:00:00 +0000\n\nHello,\n\nthere. \n";

async function signed(message: string, domain = "author.example") {
  const result = await dkimSign(message.replaceAll("\n", "\r\n"), {
    canonicalization: "relaxed/relaxed",
    signatureData: [{ signingDomain: domain, selector: "s1", privateKey }],
    // deno-lint-ignore no-explicit-any
  } as any);
  assertEquals(result.errors, []);
  return result.signatures.replaceAll("\r\n", "\n") + message;
}

Deno.test("authentication() records SPF, DKIM and DMARC of a signed message", async () => {
  const message = "Received: from us\n\tby us\n" + await signed(plain);
  const { stored, results, delivery, log } = await deliver(message, {}, 7);
  assertEquals(delivery, { type: "stored", id: "1" });
  assertMatch(results, /^Authentication-Results: mx\.to\.example; spf=pass /);
  assertMatch(results, / smtp\.mailfrom=anne@author\.example/);
  assertMatch(results, /; dkim=pass header\.i=@author\.example header\.s=s1 /);
  assertMatch(
    results,
    /; dmarc=pass \(p=REJECT[^)]*\) .*header\.from=author\.example/,
  );
  assert(stored.endsWith("\n" + message), "the message is not as it was");
  assertEquals(log, []);
});

Deno.test("authentication() does the same for a message that fills a file", () =>
  inFolder(async (folder) => {
    const message = await signed(plain + "line of text\n\n".repeat(50_000));
    const tried = await deliver(message, { folder });
    assertEquals(tried.log, []);
    assertMatch(tried.results, /dkim=pass .*dmarc=pass /);
    assert(tried.stored.endsWith("\n" + message));
    assertEquals([...Deno.readDirSync(folder)], []);
    assertEquals(descriptorsIn(folder), 0);
    // One changed byte, far down.
    const changed = message.slice(0, -3) + "X\n\n";
    assertMatch(
      (await deliver(changed, { folder })).results,
      /dkim=neutral \(body hash did not verify\)/,
    );
  }));

Deno.test("authentication() tells what failed, and delivers all the same", async () => {
  const stranger = {
    clientIp: "203.0.113.9",
    helo: "spam.example",
  };
  const forged = await deliver(plain, stranger);
  assertEquals(forged.delivery.type, "stored");
  assertMatch(forged.results, /; spf=fail /);
  assertMatch(forged.results, /; dkim=none \(message not signed\)/);
  assertMatch(forged.results, /; dmarc=fail /);

  // Signed, but by somebody who is not the author (RFC 7489 B.1.1's idea).
  const other = fakeResolver({
    ...zone,
    "TXT s1._domainkey.other.example": zone["TXT s1._domainkey.author.example"],
  });
  const unaligned = await deliver(await signed(plain, "other.example"), {
    ...stranger,
    resolver: other,
  });
  assertMatch(unaligned.results, /; dkim=pass header\.i=@other\.example/);
  assertMatch(unaligned.results, /; dmarc=fail /);

  // The signature survives a forwarder, SPF does not: DMARC passes (B.1.2).
  const forwarded = await deliver(await signed(plain), stranger);
  assertMatch(forwarded.results, /; spf=fail .*; dkim=pass .*; dmarc=pass /);

  const bounce = await deliver(plain, { sender: "" });
  assertMatch(bounce.results, /; spf=none /);
  const local = await deliver(plain, {
    clientIp: "unknown",
    helo: null,
  });
  assertMatch(local.results, /; spf=none;/);
  const twoAuthors = await deliver("From: a@one.example\n" + plain);
  assertMatch(twoAuthors.results, /; dmarc=permerror /);
  const none = await deliver("\nno header at all\n");
  assertMatch(none.results, /; dkim=none .*; dmarc=permerror /);
  assertMatch(none.stored, /\n\tdmarc=[^\n]*\nReceived: /);
  assert(none.stored.endsWith(`${ours}\nno header at all\n`));
});

Deno.test("authentication() records a lookup that failed as temperror", async () => {
  const failing = fakeResolver({
    "TXT author.example": "failed",
    "TXT s1._domainkey.author.example": "failed",
    "TXT _dmarc.author.example": "failed",
  });
  const { results, delivery } = await deliver(await signed(plain), {
    resolver: failing,
  });
  assertEquals(delivery.type, "stored");
  assertMatch(
    results,
    /; spf=temperror .*; dkim=temperror .*; dmarc=temperror/,
  );
});

Deno.test("authentication() does not wait for ever", async () => {
  const silent: Resolver = () => new Promise(() => {});
  const { results, delivery, log } = await deliver(await signed(plain), {
    resolver: silent,
    seconds: 0.3,
  });
  assertEquals(delivery.type, "stored");
  assertMatch(results, /; spf=temperror.*; dkim=temperror; dmarc=temperror$/);
  assertEquals(log.length, 1);
});

Deno.test("authentication() gives up on a head that is too long to check", () =>
  inFolder(async (folder) => {
    const message = "X: y\n".repeat(60_000) + plain;
    const { results, stored } = await deliver(message, { folder });
    assertMatch(results, /; dkim=permerror \(too long\); dmarc=permerror/);
    assert(stored.endsWith("\n" + message));
  }));

Deno.test("authentication() bounds what one message can look up", async () => {
  const resolver = fakeResolver(zone);
  const signature = (i: number) =>
    `DKIM-Signature: v=1; a=rsa-sha256; d=d${i}.example; s=s; h=from; bh=x; b=y\n`;
  const many = Array.from({ length: 500 }, (_, i) => signature(i)).join("");
  const { results } = await deliver(many + plain, {
    resolver,
    folder: "/tmp",
  });
  assertEquals(results.match(/dkim=/g)!.length, 10);
  assert(resolver.asked.length < 30, `${resolver.asked.length} lookups`);
});

Deno.test("authentication() takes forged results in our name away", async () => {
  const forged = "Authentication-Results: mx.to.example; dmarc=pass\n";
  const foreign = "Authentication-Results: mx.other.example; dmarc=pass\n";
  const { stored } = await deliver(forged + foreign + plain);
  assertEquals(stored.match(/^Authentication-Results: mx\.to/gm)!.length, 1);
  assert(stored.endsWith("\n" + foreign + plain));
});

Deno.test("authentication() lets nothing that a sender wrote break the header", async () => {
  const { results, stored } = await deliver(
    'From: =?x?q?\xff?= <"a\\" ; dmarc=pass "@author.example>\n\n',
    { sender: '"x; dmarc=pass\r\nX: y (" @\xff.example' },
  );
  assert(!/^X: y/m.test(stored));
  assertMatch(results, /^[ -~]+$/);
});

Deno.test("authentication() defers when it cannot keep the message", async () => {
  const { delivery, recorder, log } = await deliver("x".repeat(200_000));
  assert(delivery.type === "later");
  assertEquals(delivery.code, 451);
  assertEquals([recorder.opened, recorder.left], [0, 1]);
  assertMatch(log.join("\n"), /unable to keep a message in \/nonexistent: /);
});

Deno.test("authentication() refuses what DMARC wants refused, if that is wanted", async () => {
  const stranger = { clientIp: "203.0.113.9", helo: "spam.example" };
  const { delivery, recorder } = await deliver(plain, {
    ...stranger,
    obeysDmarc: true,
  });
  assert(delivery.type === "never");
  assertEquals([delivery.code, delivery.by], [550, "dmarc"]);
  assertEquals([recorder.opened, recorder.left], [0, 1]);

  const stays = async (policy: string, message = plain) => {
    const resolver = fakeResolver({
      ...zone,
      "TXT _dmarc.author.example": [policy],
    });
    const tried = { ...stranger, obeysDmarc: true, records: false, resolver };
    const { delivery, stored } = await deliver(message, tried);
    assertEquals(delivery.type, "stored", policy);
    assertEquals(stored, ours + message);
  };
  await stays("v=DMARC1; p=quarantine");
  await stays("v=DMARC1; p=reject; t=y");
  await stays("v=DMARC1; p=reject", await signed(plain));
});
