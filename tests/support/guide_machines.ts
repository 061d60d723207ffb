/**
 * Machines that guides are followed on, and what the world does there.
 *
 * @module
 */
import { assertMatch } from "@std/assert";
import { type Booted, withBooted } from "./booted_systemd.ts";
import type { Here } from "./guide.ts";
import { postern, until } from "./peers.ts";

/** A machine with the executable in /root, where a guide begins. */
export const withExecutable = (fn: (booted: Booted) => Promise<void>) =>
  withBooted(async (booted) => {
    await booted.ask("install", "-m", "755", postern, "/root/postern");
    // Guides make them; this machine may have them.
    for (const user of ["postern", "vmail"]) await booted.run("userdel", user);
    await fn(booted);
  });

const sh = (booted: Booted, script: string) =>
  booted.ask("sh", "-ec", `cd /root; ${script}`);

const addHost = (address: string, name: string) => (booted: Booted) =>
  sh(booted, `echo '${address} ${name}' >>/etc/hosts`);

/** A provider that takes mail from who logs in. */
async function provider(booted: Booted): Promise<void> {
  await addHost("127.0.0.2", "smtp.provider.example")(booted);
  await sh(
    booted,
    `mkdir provider; cd provider
name=smtp.provider.example
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=authority \\
  -keyout ca.key -out /etc/postern/authority.pem 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj /CN=$name -addext subjectAltName=DNS:$name \\
  -keyout key -out request 2>/dev/null
openssl x509 -req -in request -CA /etc/postern/authority.pem -CAkey ca.key \\
  -copy_extensions copy -out cert 2>/dev/null
echo "ann-example:$(echo hunter2 | /root/postern smtpd --hash-password)" >passwords
systemd-run --quiet --unit provider /root/postern serve -RHl0 127.0.0.2 2587 \\
  smtpd --me $name --tls-cert $PWD/cert --tls-key $PWD/key \\
  --passwords $PWD/passwords --deliver discard --relay maildir:/root/provider/sent`,
  );
  await providersAddress(booted);
}

/** Its port is one that is free here, and only this machine knows its authority. */
const providersAddress = (booted: Booted) =>
  sh(
    booted,
    `sed -i -e 's/provider.example:587/provider.example:2587/' \\
  -e 's,"--relay-tls",  "--relay-ca"\\, "/etc/postern/authority.pem"\\, &,' \\
  /etc/postern/postern.toml`,
  );

/** What happens around guides/one-machine.md. */
export const oneMachine: Here = {
  "the provider": provider,
  "the DNS": addHost("127.0.0.1", "mail.example.org"),
  "the provider has it": async (booted) => {
    const sent = "cat /root/provider/sent/new/*";
    await until(
      "it was sent on",
      async () => (await booted.run("sh", "-c", sent)).code === 0,
    );
    assertMatch(await sh(booted, sent), /^Hello\.\r?$/m);
  },
};

/** A machine that receives mail by the lines of *Life with qmail*. */
export async function lifeWithQmail(booted: Booted): Promise<void> {
  const program = (text: string) => `#!/bin/sh\n${text}\n`;
  const bin = "/var/qmail/bin", supervise = "/var/qmail/supervise/qmail-smtpd";
  for (
    const [path, text] of [
      ["/var/qmail/control/me", "mx.example.org\n"],
      ["/var/qmail/control/rcpthosts", "example.org\n"],
      ["/var/qmail/control/concurrencyincoming", "20\n"],
      ["/etc/tcp.smtp", '127.:allow,RELAYCLIENT=""\n:allow\n'],
    ]
  ) await booted.write(path, text);
  for (
    const [path, text] of [
      [`${bin}/qmail-queue`, "cat >>/tmp/messages; cat <&1 >>/tmp/envelopes"],
      [`${bin}/qmail-smtpd`, `printf '220 the old one\\r\\n'; read line`],
      [`${supervise}/run`, runScript],
      [
        `${supervise}/log/run`,
        "exec setuidgid qmaill multilog t /var/log/qmail/smtpd",
      ],
    ]
  ) await booted.write(path, program(text), "755");
  await sh(
    booted,
    `for user in qmaild qmaill; do id $user >/dev/null 2>&1 || useradd --system $user; done
install -d -o qmaill /var/log/qmail/smtpd
install -d /service
for name in tcpserver tcprules softlimit; do
  cp "$(command -v $name)" /usr/local/bin/
done
tcprules /etc/tcp.smtp.cdb /etc/tcp.smtp.tmp </etc/tcp.smtp
ln -s ${supervise} /service/
systemd-run --quiet --unit svscan -E PATH="$PATH" svscan /service`,
  );
  await listens("the old one")(booted);
}

const runScript = `QMAILDUID=\`id -u qmaild\`
NOFILESGID=\`id -g qmaild\`
MAXSMTPD=\`cat /var/qmail/control/concurrencyincoming\`
LOCAL=\`head -1 /var/qmail/control/me\`
exec /usr/local/bin/softlimit -m 5000000 \\
    /usr/local/bin/tcpserver -v -R -l "$LOCAL" -x /etc/tcp.smtp.cdb -c "$MAXSMTPD" \\
    -u "$QMAILDUID" -g "$NOFILESGID" 0 smtp /var/qmail/bin/qmail-smtpd 2>&1`;

/** Waits for a greeting on port 25. */
const listens = (words: string) => (booted: Booted) =>
  until(`${words} listens`, async () =>
    (await booted.run(
      "bash",
      "-c",
      "exec 3<>/dev/tcp/127.0.0.1/25 && head -n 1 <&3",
    )).stdout.includes(words));

/** What happens around guides/from-tcpserver.md. */
export const fromTcpserver: Here = {
  "it listens": listens("mx.example.org ESMTP"),
  "it is the old one": listens("the old one"),
  "qmail-queue has it": async (booted) =>
    assertMatch(await sh(booted, "cat /tmp/messages"), /^It works\.$/m),
};

/** What certbot leaves: links below live, to files that only root may read. */
const certbot = (serial: string) => (booted: Booted) =>
  sh(
    booted,
    `name=mail.example.org; cd /etc; umask 077
mkdir -p letsencrypt/live/$name letsencrypt/archive/$name
cd letsencrypt/live/$name
openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=$name \\
  -addext subjectAltName=DNS:$name -set_serial ${serial} \\
  -keyout ../../archive/$name/privkey${serial}.pem \\
  -out ../../archive/$name/fullchain${serial}.pem 2>/dev/null
for kind in privkey fullchain; do
  ln -sf "../../archive/$name/$kind"${serial}.pem $kind.pem
done
mkdir -p /etc/letsencrypt/renewal-hooks/deploy`,
  );

/** What happens around guides/certificates.md. */
export const certificates: Here = {
  "certbot has one": certbot("1"),
  "certbot renews it": certbot("2"),
};

/** Waits until a message that was sent on has a signature of a selector. */
const isSigned = (selector: string) => (booted: Booted) =>
  until(`a message is signed: ${selector}`, async () => {
    const sent = "cat /root/provider/sent/new/*";
    const { stdout } = await booted.run("sh", "-c", sent);
    return new RegExp(`^DKIM-Signature:[^:]*\\ss=${selector};`, "m")
      .test(stdout);
  });

/** What happens around guides/rspamd-and-dovecot.md. */
export const rspamdAndDovecot: Here = {
  // It does not start without one.
  "a name server that does not answer": async (booted) => {
    await booted.write("/etc/resolv.conf", "nameserver 127.0.0.1\n");
    // Reading the list of all the world's domains takes seconds.
    await booted.write("/etc/rspamd/tld", "com\nexample\norg\n");
    await booted.write(
      "/etc/rspamd/override.d/options.inc",
      `url_tld = "/etc/rspamd/tld";\n`,
    );
  },
  "rspamd listens": (booted) =>
    until(
      "rspamd listens",
      async () =>
        (await booted.run("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/11333"))
          .code === 0,
    ),
  "the provider's address": providersAddress,
  "it is signed": isSigned("mail"),
  "what a boot makes for opendkim": (booted) =>
    booted.ask("install", "-d", "-o", "opendkim", "/run/opendkim"),
  "it is signed by opendkim": isSigned("milter"),
};
