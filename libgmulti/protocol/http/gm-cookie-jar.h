/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-cookie.h"
#include "gm-url.h"

/* The cookies of one user: who may set one, who gets it, when it goes (RFC 6265bis sections 5.6 to 5.8), and their file.
 * Refcounted, with a lock of its own: transfers of several threads and both faces share one, and no lock functions of an
 * application's are needed. Nothing here waits but gm_cookie_jar_load () and _save (), which read and write files.
 *
 * SameSite: a program's transfer is like an address that its user typed, so all cookies go with it; only one that names
 * the page it is made for (its first party) can be cross-site, and is then no navigation of that page: just cookies that
 * say SameSite=None are sent and taken.
 *
 * Cookies lie together by site (registrable domain), so that a look-up costs what one site has, which is limited. */

/* Of one site: what browsers keep; RFC 6265bis section 6.1 asks for 50 or more. */
#define GM_COOKIE_JAR_MAX_SITE 180
/* In all: RFC 6265bis section 6.1. */
#define GM_COOKIE_JAR_MAX 3000
#define GM_COOKIE_JAR_MAX_HOMELESS 50
/* Taken from one answer, and sent in one request, at most: libcurl's limits, which servers can live with. */
#define GM_COOKIES_MAX_TAKEN 50
#define GM_COOKIES_MAX_SENT 150
#define GM_COOKIES_MAX_FIELD 8190

typedef struct _GmCookieJar GmCookieJar;

/* One cookie; immutable, refcounted. Strings are bytes without control characters, not always UTF-8. */
typedef struct
{
  gatomicrefcount refs;
  GmSameSite same_site;
  gint64 expires; /* unix seconds, if persistent */
  gboolean persistent;
  gboolean host_only;
  gboolean secure;
  gboolean http_only;
  const char *name;
  const char *value;
  const char *domain; /* lower case, without a dot in front */
  const char *path;
  char text[]; /* where these lie */
} GmCookie;

GmCookie *gm_cookie_ref           (GmCookie *self);
void      gm_cookie_unref         (GmCookie *self); /* accepts NULL */
/* As a line of a cookie file, without its end. (transfer full) */
char     *gm_cookie_dup_netscape  (const GmCookie *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmCookie, gm_cookie_unref)

/* Who asks for cookies, or sets them: an URL, seen from a first party. Borrows from the URL. */
typedef struct
{
  GmSpan host;
  GmSpan path;
  gboolean secure;
  gboolean cross_site;
  char name[256]; /* @host, where it was renamed */
} GmCookieOrigin;

/* @first_party (nullable): the URI of the page. One that is no URI is no site's: then all is cross-site. */
void           gm_cookie_origin_init    (GmCookieOrigin *self,
                                         const GmUrl *url,
                                         const char *first_party);

/* @authority ("host" or "host:port") is who it is, as seen over https if @tls. Too long a name changes nothing. */
void           gm_cookie_origin_rename  (GmCookieOrigin *self,
                                         GmSpan authority,
                                         gboolean tls);

GmCookieJar   *gm_cookie_jar_new        (void);
GmCookieJar   *gm_cookie_jar_ref        (GmCookieJar *self);
void           gm_cookie_jar_unref      (GmCookieJar *self); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmCookieJar, gm_cookie_jar_unref)

/* Called after each change, and after files were read, in the thread that did it, without a lock; they may use the jar.
 * NULL: nobody. @destroy (nullable) is called for @user_data when the jar goes, or somebody else watches. */
void           gm_cookie_jar_watch      (GmCookieJar *self,
                                         void (*changed) (gpointer user_data),
                                         void (*loaded) (gpointer user_data, int error, guint n_damaged),
                                         gpointer user_data,
                                         void (*destroy) (gpointer user_data));
gpointer       gm_cookie_jar_get_watcher (GmCookieJar *self); /* its user data */

/* A Set-Cookie field of an answer from @origin, at unix time @now. What it says may also be to remove one. */
GmCookieFault  gm_cookie_jar_set        (GmCookieJar *self,
                                         const GmCookieOrigin *origin,
                                         GmSpan set_cookie,
                                         gint64 now);
/* The same, for who wants to know what came of it: *@cookie (transfer full) is the one that is there now, NULL if there
 * is none, and *@replaced whether there was one before. */
GmCookieFault  gm_cookie_jar_set_and_tell (GmCookieJar *self,
                                         const GmCookieOrigin *origin,
                                         GmSpan set_cookie,
                                         gint64 now,
                                         GmCookie **cookie,
                                         gboolean *replaced);
/* A cookie by the user's hand, or out of a file: it must say its domain. One from a file does not replace a cookie that
 * was set since. */
GmCookieFault  gm_cookie_jar_add        (GmCookieJar *self,
                                         const GmCookieLine *line,
                                         gboolean from_file,
                                         gint64 now);
/* From now on lines with "Set-Cookie:" that name no domain, of a file or by gm_cookie_jar_add_homeless(), are kept, up to
 * GM_COOKIE_JAR_MAX_HOMELESS: they become cookies of the first host that the jar is asked for, and of it alone. */
void           gm_cookie_jar_keep_homeless (GmCookieJar *self);
/* @set_cookie: the field's value, which gm_cookie_parse() took. */
void           gm_cookie_jar_add_homeless (GmCookieJar *self,
                                         GmSpan set_cookie);
/* What the Cookie field to @origin says, "a=b; c=d" (RFC 6265bis section 5.8.3), appended to @out, at most @room bytes
 * and GM_COOKIES_MAX_SENT cookies; returns how many there are. */
guint          gm_cookie_jar_write      (GmCookieJar *self,
                                         const GmCookieOrigin *origin,
                                         gint64 now,
                                         gsize room,
                                         GmByteBuilder *out);
/* All that have not expired, in the order of their creation. (transfer full) (element-type GmCookie) */
GPtrArray     *gm_cookie_jar_list       (GmCookieJar *self,
                                         gint64 now);
guint          gm_cookie_jar_get_n      (GmCookieJar *self);
/* The one with its name, domain and path; FALSE if there is none. */
gboolean       gm_cookie_jar_remove     (GmCookieJar *self,
                                         const GmCookie *cookie);
void           gm_cookie_jar_clear      (GmCookieJar *self,
                                         gboolean only_session);

/* ---- files: see gm-state-file.h ---- */

/* @path is to be read before the jar is next used: by gm_cookie_jar_load (), on a worker. A Netscape file, or one with
 * "Set-Cookie:" lines as a saved head has them; lines that are damaged are passed over. @drop_session: without what an
 * earlier session left. */
void           gm_cookie_jar_add_file   (GmCookieJar *self,
                                         const char *path,
                                         gboolean drop_session);
/* Nothing is waiting to be read: the jar can be used. Cheap. */
gboolean       gm_cookie_jar_is_loaded  (GmCookieJar *self);
/* Reads what waits; may block. Whoever comes while another thread is at it waits for that. Answers 0, or the errno of the
 * first file that could not be read; one that is not there is no error. @n_damaged (nullable): lines passed over. */
int            gm_cookie_jar_load       (GmCookieJar *self,
                                         gint64 now,
                                         guint *n_damaged);
/* Loads what waits, and writes all cookies to @path; may block. @with_session: those of this session, too. 0 or errno. */
int            gm_cookie_jar_save       (GmCookieJar *self,
                                         const char *path,
                                         gboolean with_session,
                                         gint64 now);
