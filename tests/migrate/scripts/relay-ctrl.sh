#!/bin/sh
exec tcpserver -vHR -l 0 -x /etc/tcp.smtp.cdb -u 1003 -g 102 0 smtp \
  envdir /etc/relay-ctrl relay-ctrl-check rblsmtpd -r bl.example.org \
  /var/qmail/bin/qmail-smtpd 2>&1
