-- test/data/extman/schema.sql -- the five tables of ExtMan 1.1, written anew from the table of its columns.
-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- As sites have them: MyISAM, latin1, no key but the names, switches that may be NULL, zero dates.
-- The session's sql_mode must let zero dates pass.

CREATE TABLE manager (
  username VARCHAR(255) NOT NULL DEFAULT '',
  password VARCHAR(255) NOT NULL DEFAULT '',
  type VARCHAR(64) NOT NULL DEFAULT 'postmaster',
  uid VARCHAR(255) NOT NULL DEFAULT '',
  name VARCHAR(255) NOT NULL DEFAULT '',
  question TEXT NOT NULL,
  answer TEXT NOT NULL,
  disablepwdchange SMALLINT(1),
  createdate DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
  expiredate DATE NOT NULL DEFAULT '0000-00-00',
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (username)
) ENGINE = MyISAM;

CREATE TABLE domain_manager (
  username VARCHAR(255) NOT NULL DEFAULT '',
  domain VARCHAR(255) NOT NULL DEFAULT '',
  createdate DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
  active TINYINT(1) NOT NULL DEFAULT 1,
  KEY username (username)
) ENGINE = MyISAM;

CREATE TABLE domain (
  domain VARCHAR(255) NOT NULL DEFAULT '',
  description VARCHAR(255) NOT NULL DEFAULT '',
  hashdirpath VARCHAR(255) NOT NULL DEFAULT '',
  maxalias INT(10) NOT NULL DEFAULT 0,
  maxusers INT(10) NOT NULL DEFAULT 0,
  maxquota VARCHAR(16) NOT NULL DEFAULT '0',
  maxnetdiskquota VARCHAR(16) NOT NULL DEFAULT '0',
  transport VARCHAR(255) DEFAULT NULL,
  can_signup TINYINT(1) NOT NULL DEFAULT 0,
  default_quota VARCHAR(255) DEFAULT NULL,
  default_netdiskquota VARCHAR(255) DEFAULT NULL,
  default_expire VARCHAR(12) DEFAULT NULL,
  disablesmtpd SMALLINT(1),
  disablesmtp SMALLINT(1),
  disablewebmail SMALLINT(1),
  disablenetdisk SMALLINT(1),
  disableimap SMALLINT(1),
  disablepop3 SMALLINT(1),
  createdate DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
  expiredate DATE NOT NULL DEFAULT '0000-00-00',
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (domain)
) ENGINE = MyISAM;

CREATE TABLE mailbox (
  username VARCHAR(255) NOT NULL DEFAULT '',
  uid VARCHAR(255) NOT NULL DEFAULT '',
  password VARCHAR(255) NOT NULL DEFAULT '',
  clearpwd VARCHAR(128) NOT NULL DEFAULT '',
  name VARCHAR(255) NOT NULL DEFAULT '',
  mailhost VARCHAR(255) NOT NULL DEFAULT '',
  maildir VARCHAR(255) NOT NULL DEFAULT '',
  homedir VARCHAR(255) NOT NULL DEFAULT '',
  quota VARCHAR(16) NOT NULL DEFAULT '0',
  netdiskquota VARCHAR(16) NOT NULL DEFAULT '0',
  domain VARCHAR(255) NOT NULL DEFAULT '',
  uidnumber INT(6) NOT NULL DEFAULT 1000,
  gidnumber INT(6) NOT NULL DEFAULT 1000,
  createdate DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
  expiredate DATE NOT NULL DEFAULT '0000-00-00',
  active SMALLINT(1) NOT NULL DEFAULT 1,
  disablepwdchange SMALLINT(1),
  disablesmtpd SMALLINT(1),
  disablesmtp SMALLINT(1),
  disablewebmail SMALLINT(1),
  disablenetdisk SMALLINT(1),
  disableimap SMALLINT(1),
  disablepop3 SMALLINT(1),
  question TEXT NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (username)
) ENGINE = MyISAM;

CREATE TABLE alias (
  address VARCHAR(255) NOT NULL DEFAULT '',
  goto TEXT NOT NULL,
  domain VARCHAR(255) NOT NULL DEFAULT '',
  createdate DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (address)
) ENGINE = MyISAM;
