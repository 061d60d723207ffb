#!/bin/sh
CERTFILE=/etc/ssl/mail.pem
KEYFILE=/etc/ssl/mail.key
DHFILE=/etc/ssl/dh.pem
export CERTFILE KEYFILE DHFILE
exec softlimit -m 20000000 sslserver -e -vR -l 0 -c 30 -u 1003 -g 102 -x /etc/tcp.smtps.cdb \
  0 465 /var/qmail/bin/qmail-smtpd /bin/checkpassword /bin/true 2>&1
