/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "case.h"
#include "documents.h"
#include "peers.h"

/* What the programs around the case frame do with servers that nobody here wrote. */

/* Sets on @t what this way wants: versions, logins, proxies. */
typedef void (*PeerPrepare) (CaseTransfer *t,
                             gconstpointer way);

typedef struct
{
  guint n_same; /* byte-identical ones */
  guint n_connects;
  guint n_coded;
} PeerTally;

/* A transfer of @path there, prepared, which trusts the peers' authority. */
CaseTransfer *peer_case_transfer  (Case *c,
                                   Peer *peer,
                                   const char *path,
                                   PeerPrepare prepare,
                                   gconstpointer way);
/* All documents below @folder of @peer ("" or with a slash behind it), many at once, compared with the disk. */
PeerTally     peer_case_documents (Case *c,
                                   Peer *peer,
                                   const char *folder,
                                   Documents *documents,
                                   PeerPrepare prepare,
                                   gconstpointer way);
/* Puts @size bytes, of a length that is said before or not, gets them back and has them removed. */
void          peer_case_put       (Case *c,
                                   Peer *peer,
                                   const char *path,
                                   gsize size,
                                   gboolean length_known,
                                   PeerPrepare prepare,
                                   gconstpointer way);
/* The same with several sizes, of both kinds. */
void          peer_case_uploads   (Case *c,
                                   Peer *peer,
                                   const char *folder,
                                   PeerPrepare prepare,
                                   gconstpointer way);
/* (transfer full) (nullable): what the peer said in X-Told about @name: "http", "tls", "reused", "client". */
char         *peer_case_told      (CaseTransfer *t,
                                   const char *name);
