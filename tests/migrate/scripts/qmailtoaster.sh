#!/bin/sh
QMAILDUID=`id -u vpopmail`
NOFILESGID=`id -g vpopmail`
MAXSMTPD=`cat /var/qmail/control/concurrencyincoming`
SMTPD="/var/qmail/bin/qmail-smtpd"
TCP_CDB="/etc/tcprules.d/tcp.smtp.cdb"
RBLSMTPD="/usr/bin/rblsmtpd"
BLACKLIST=`cat /var/qmail/control/blacklists`
VCHKPW="/home/vpopmail/bin/vchkpw"
SPAMDYKE="/usr/bin/spamdyke"
SPAMDYKE_CONF="/etc/spamdyke/spamdyke.conf"

exec /usr/bin/softlimit -m 64000000 \
     /usr/bin/tcpserver -v -R -H -l mail.example.org -x $TCP_CDB -c "$MAXSMTPD" \
     -u "$QMAILDUID" -g "$NOFILESGID" 0 smtp \
     $RBLSMTPD $BLACKLIST $SMTPD $VCHKPW /bin/true 2>&1
