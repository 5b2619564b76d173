/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gm-glob.h"

typedef struct
{
  GPtrArray *paths;          /* what is found */
  char     **components;     /* of the pattern */
  gboolean   wants_folders;  /* it ends with a slash */
  int        failed;         /* errno, if the result would lack something */
} Walk;

static void walk_folder (Walk       *self,
                         int         folder,
                         const char *path,
                         guint       component);

/* One character, or one byte where there is no character. */
static const char *
next_character (const char *p)
{
  gunichar c = g_utf8_get_char_validated (p, -1);

  return c == (gunichar) -1 || c == (gunichar) -2 ? p + 1 : g_utf8_next_char (p);
}

static gunichar
get_character (const char *p)
{
  gunichar c = g_utf8_get_char_validated (p, -1);

  /* Bytes that are no characters are unlike any character. */
  return c == (gunichar) -1 || c == (gunichar) -2 ? 0x110000 + (guchar) *p : c;
}

/* [a-z], [!a-z]: what follows it, or NULL if the bracket is never closed. */
static const char *
match_set (const char *pattern,
           gunichar    c,
           gboolean   *matched)
{
  const char *p = pattern + 1;
  gboolean negated = *p == '!' || *p == '^';
  gboolean found = FALSE;
  const char *first;

  p += negated;
  for (first = p; *p != '\0' && (*p != ']' || p == first);)
    {
      gunichar low;
      gunichar high;

      if (*p == '\\' && p[1] != '\0')
        p++;
      low = high = get_character (p);
      p = next_character (p);
      if (*p == '-' && p[1] != ']' && p[1] != '\0')
        {
          p++;
          if (*p == '\\' && p[1] != '\0')
            p++;
          high = get_character (p);
          p = next_character (p);
        }
      found |= c >= low && c <= high;
    }
  if (*p == '\0')
    return NULL;
  *matched = found != negated;

  return p + 1;
}

/* One step of the pattern that is not a star: what follows it, or NULL if it doesn't match. */
static const char *
match_one (const char *pattern,
           const char *name)
{
  const char *after;
  gboolean matched;

  if (*name == '\0')
    return NULL;
  if (*pattern == '?')
    return pattern + 1;
  if (*pattern == '[')
    {
      after = match_set (pattern, get_character (name), &matched);
      if (after != NULL)
        return matched ? after : NULL;
    }
  if (*pattern == '\\' && pattern[1] != '\0')
    pattern++;
  if (get_character (pattern) != get_character (name))
    return NULL;

  return next_character (pattern);
}

/**
 * gm_glob_match:
 * @pattern: a pattern without slashes
 * @name: (type filename): a file name
 *
 * Matches `*`, `?`, `[...]`, `[!...]` and backslashes before literal characters, by characters if
 * names are UTF-8 and by bytes if they aren't, whatever the locale. Hidden names match only where
 * the pattern begins with the dot itself.
 *
 * Returns: whether @name matches
 */
gboolean
gm_glob_match (const char *pattern,
               const char *name)
{
  const char *star = NULL;
  const char *retry = NULL;

  if (*name == '.' && *pattern != '.' && !(*pattern == '\\' && pattern[1] == '.'))
    return FALSE;
  while (*name != '\0' || *pattern != '\0')
    {
      const char *after = NULL;

      if (*pattern == '*')
        {
          star = ++pattern;
          retry = name;
          continue;
        }
      if (*pattern != '\0')
        after = match_one (pattern, name);
      if (after != NULL)
        {
          pattern = after;
          name = next_character (name);
        }
      else if (star != NULL && *retry != '\0')
        {
          /* The last star takes one more: those before it need not be tried again. */
          retry = next_character (retry);
          name = retry;
          pattern = star;
        }
      else
        return FALSE;
    }

  return TRUE;
}

static gboolean
has_wildcards (const char *component)
{
  return strpbrk (component, "*?[\\") != NULL;
}

static gboolean
is_folder (int         folder,
           const char *name,
           gboolean    follow)
{
  struct stat st;

  return fstatat (folder, name, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR (st.st_mode);
}

static gboolean
is_file (int         folder,
         const char *name)
{
  struct stat st;

  return fstatat (folder, name, &st, 0) == 0 && S_ISREG (st.st_mode);
}

static char *
join (const char *path,
      const char *name)
{
  if (*path == '\0' || g_str_has_suffix (path, "/"))
    return g_strconcat (path, name, NULL);

  return g_strconcat (path, "/", name, NULL);
}

static void
enter (Walk       *self,
       int         folder,
       const char *name,
       const char *path,
       guint       component)
{
  /* To pass through a folder one need not be allowed to list it. */
  int child = openat (folder, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

  if (child >= 0)
    walk_folder (self, child, path, component);
  else if (errno != EACCES && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
    self->failed = errno;
}

/* A name that fits the component at hand. */
static void
visit (Walk       *self,
       int         folder,
       const char *name,
       const char *path,
       guint       component)
{
  g_autofree char *full = join (path, name);

  if (self->components[component + 1] != NULL)
    {
      if (is_folder (folder, name, TRUE))
        enter (self, folder, name, full, component + 1);
    }
  else if (self->wants_folders && is_folder (folder, name, TRUE))
    g_ptr_array_add (self->paths, g_strconcat (full, "/", NULL));
  else if (!self->wants_folders && is_file (folder, name))
    g_ptr_array_add (self->paths, g_steal_pointer (&full));
}

/* Read at once, so that a level of folders costs one descriptor while those below are read. */
static GPtrArray *
list_names (Walk *self,
            int   folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  int fd = openat (folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  if (dir == NULL)
    {
      /* What may not be read has nothing for us in it, as in a shell. */
      if (errno != EACCES)
        self->failed = errno;
      if (fd >= 0)
        close (fd);
      return names;
    }
  while ((errno = 0, entry = readdir (dir)) != NULL)
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
      g_ptr_array_add (names, g_strdup (entry->d_name));
  if (errno != 0)
    self->failed = errno;
  closedir (dir);

  return names;
}

/* "**": what follows it, here and in every folder below. */
static void
walk_below (Walk       *self,
            int         folder,
            const char *path,
            guint       component)
{
  g_autoptr(GPtrArray) names = list_names (self, folder);

  if (self->components[component + 1] != NULL)
    {
      int again = fcntl (folder, F_DUPFD_CLOEXEC, 3);

      if (again >= 0)
        walk_folder (self, again, path, component + 1);
      else
        self->failed = errno;
    }
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *full = join (path, name);

      if (*name == '.')
        continue;
      if (self->components[component + 1] == NULL)
        {
          if (self->wants_folders && is_folder (folder, name, FALSE))
            g_ptr_array_add (self->paths, g_strconcat (full, "/", NULL));
          else if (!self->wants_folders && is_file (folder, name))
            g_ptr_array_add (self->paths, g_strdup (full));
        }
      if (is_folder (folder, name, FALSE))
        enter (self, folder, name, full, component);
    }
}

/* Takes the descriptor. */
static void
walk_folder (Walk       *self,
             int         folder,
             const char *path,
             guint       component)
{
  const char *pattern = self->components[component];

  if (strcmp (pattern, "**") == 0)
    walk_below (self, folder, path, component);
  else if (!has_wildcards (pattern))
    visit (self, folder, pattern, path, component);
  else
    {
      g_autoptr(GPtrArray) names = list_names (self, folder);

      for (guint i = 0; i < names->len; i++)
        if (gm_glob_match (pattern, g_ptr_array_index (names, i)))
          visit (self, folder, g_ptr_array_index (names, i), path, component);
    }
  close (folder);
}

/* Double slashes and repeated ** say nothing new. */
static char **
split_pattern (const char *pattern)
{
  g_auto(GStrv) parts = g_strsplit (pattern, "/", -1);
  GPtrArray *components = g_ptr_array_new ();

  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0'
        && (components->len == 0 || strcmp (parts[i], "**") != 0
            || strcmp (g_ptr_array_index (components, components->len - 1), "**") != 0))
      g_ptr_array_add (components, g_strdup (parts[i]));
  g_ptr_array_add (components, NULL);

  return (char **) g_ptr_array_free (components, FALSE);
}

/**
 * gm_glob_collect:
 * @base_dir: (type filename): what a relative @pattern is relative to
 * @pattern: a pattern
 * @paths: (element-type filename): where the paths are added, in no order
 *
 * Finds files and links to files, or folders if @pattern ends with a slash. `**` stands for any
 * number of folders, none included, and doesn't follow links to folders. Paths begin as @pattern
 * does: those of a relative one are relative. Folders that may not be read are passed over.
 *
 * Returns: 0, or the errno of what kept it from looking everywhere
 */
int
gm_glob_collect (const char *base_dir,
                 const char *pattern,
                 GPtrArray  *paths)
{
  g_auto(GStrv) components = split_pattern (pattern);
  Walk self = { .paths = paths, .components = components };
  gboolean absolute = *pattern == '/';
  int folder;

  self.wants_folders = g_str_has_suffix (pattern, "/");
  if (components[0] == NULL)
    {
      if (absolute)
        g_ptr_array_add (paths, g_strdup ("/"));
      return 0;
    }
  folder = open (absolute ? "/" : base_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return errno;
  walk_folder (&self, folder, absolute ? "/" : "", 0);

  return self.failed;
}

/**
 * gm_glob_escape:
 * @path: a path
 *
 * Returns: (transfer full): the pattern that matches @path only
 */
char *
gm_glob_escape (const char *path)
{
  GString *escaped = g_string_new (NULL);

  for (; *path != '\0'; path++)
    {
      if (strchr ("*?[\\", *path) != NULL)
        g_string_append_c (escaped, '\\');
      g_string_append_c (escaped, *path);
    }

  return g_string_free (escaped, FALSE);
}
