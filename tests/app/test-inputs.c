/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "gm-glob.h"
#include "gm-inputs.h"
#include "gm-invocation.h"

typedef struct
{
  char *folder;
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  fixture->folder = g_dir_make_tmp ("gtk-mp-test-XXXXXX", NULL);
  g_assert_nonnull (fixture->folder);
}

static void
remove_tree (const char *path)
{
  g_autoptr(GDir) dir = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK) && g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_chmod (path, 0700);
      dir = g_dir_open (path, 0, NULL);
      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *child = g_build_filename (path, name, NULL);

          remove_tree (child);
        }
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  remove_tree (fixture->folder);
  g_free (fixture->folder);
}

static void
write_file (Fixture    *fixture,
            const char *name,
            const char *content,
            gssize      len)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_file_set_contents (path, content, len, &error);
  g_assert_no_error (error);
}

static GmJob *
job_new (Fixture    *fixture,
         const char *inputs)
{
  g_autofree char *text = g_strdup_printf ("{\"mpjob\":1,\"task\":{\"command\":[\"x\"]},\n\"inputs\":%s}",
                                           inputs);
  g_autoptr(GError) error = NULL;
  GmJob *job = gm_job_new_from_data (text, strlen (text), "t.mpjob",
                                     fixture != NULL ? fixture->folder : "/", &error);

  g_assert_no_error (error);

  return job;
}

static char *
describe (const GmItem *item)
{
  g_assert_cmpint (item->data[item->size], ==, '\0');
  g_assert_cmpuint (strlen (item->data), ==, item->size);
  switch (item->kind)
    {
    case GM_ITEM_JSON:
      return g_strdup (item->data);
    case GM_ITEM_BYTES:
      return g_strconcat ("bytes ", item->data, NULL);
    case GM_ITEM_BAD:
    default:
      return g_strconcat ("bad ", strrchr (item->data, '/') != NULL
                                  ? strrchr (item->data, '/') + 1 : item->data, NULL);
    }
}

/* All items, one a line; the total must be what it is. */
static char *
read_all (GmInputs *inputs)
{
  GString *text = g_string_new (NULL);
  gint64 total = gm_inputs_get_total (inputs);
  gint64 n = 0;
  GmInputsStatus status;
  GmItem item;
  g_autoptr(GError) error = NULL;

  while ((status = gm_inputs_next (inputs, &item, &error)) == GM_INPUTS_ITEM)
    {
      g_autofree char *line = describe (&item);

      g_string_append_printf (text, "%s\n", line);
      n++;
    }
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, GM_INPUTS_END);
  g_assert_cmpint (gm_inputs_next (inputs, &item, &error), ==, GM_INPUTS_END);
  g_assert_true (total == -1 || total == n);
  g_assert_cmpint (gm_inputs_get_total (inputs), ==, n);

  return g_string_free (text, FALSE);
}

static void
check (Fixture    *fixture,
       const char *json,
       const char *expected)
{
  g_autoptr(GmJob) job = job_new (fixture, json);
  g_autoptr(GError) error = NULL;
  g_autoptr(GmInputs) inputs = gm_inputs_open (job, -1, &error);
  g_autofree char *got = NULL;

  if (*expected == '!')
    {
      g_assert_null (inputs);
      g_assert_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID);
      if (strstr (error->message, expected + 1) == NULL)
        g_error ("%s: %s", json, error->message);
      g_assert_true (g_str_has_prefix (error->message, "t.mpjob:2: $.inputs"));
      return;
    }
  g_assert_no_error (error);
  got = read_all (inputs);
  g_assert_cmpstr (got, ==, expected);
}

static gint64
count (const char *json)
{
  g_autoptr(GmJob) job = job_new (NULL, json);
  g_autoptr(GmInputs) inputs = gm_inputs_open (job, -1, NULL);

  g_assert_nonnull (inputs);
  g_assert_true (gm_inputs_can_reopen (inputs));

  return gm_inputs_get_total (inputs);
}

static void
test_range (Fixture       *fixture,
            gconstpointer  data)
{
  check (fixture, "{\"range\":[3]}", "0\n1\n2\n");
  check (fixture, "{\"range\":[0]}", "");
  check (fixture, "{\"range\":[-3]}", "");
  check (fixture, "{\"range\":[2,5]}", "2\n3\n4\n");
  check (fixture, "{\"range\":[5,2]}", "");
  check (fixture, "{\"range\":[5,2,-1]}", "5\n4\n3\n");
  check (fixture, "{\"range\":[0,7,3]}", "0\n3\n6\n");
  check (fixture, "{\"range\":[0,-7,-3]}", "0\n-3\n-6\n");
  check (fixture, "{\"range\":[9223372036854775806,9223372036854775807]}", "9223372036854775806\n");
  check (fixture, "{\"range\":[-9223372036854775807,-9223372036854775808,-9223372036854775808]}",
         "-9223372036854775807\n");
  check (fixture, "{\"range\":[-9223372036854775808,9223372036854775807,9223372036854775807]}",
         "-9223372036854775808\n-1\n9223372036854775806\n");
  check (fixture, "{\"range\":[-9223372036854775808,9223372036854775807]}",
         "!expected at most 9223372036854775807 numbers");
  g_assert_cmpint (count ("{\"range\":[9223372036854775807]}"), ==, G_MAXINT64);
  g_assert_cmpint (count ("{\"range\":[-1,9223372036854775806]}"), ==, G_MAXINT64);
}

/* Ten million items: no memory an item, and quick enough to be here. */
static void
test_long_range (void)
{
  g_autoptr(GmJob) job = job_new (NULL, "{\"range\":[10000000]}");
  g_autoptr(GmInputs) inputs = gm_inputs_open (job, -1, NULL);
  gint64 n = 0;
  GmItem item;

  while (gm_inputs_next (inputs, &item, NULL) == GM_INPUTS_ITEM)
    n++;
  g_assert_cmpint (n, ==, 10000000);
  g_assert_cmpstr (item.data, ==, "9999999");
}

static void
test_items (Fixture       *fixture,
            gconstpointer  data)
{
  check (fixture, "[]", "");
  check (fixture, "[1, 1.0, \"a\\u00e9\", null, true, [1, 2], {\"b\": 1, \"a\": {}}]",
         "1\n1.0\n\"a\xc3\xa9\"\nnull\ntrue\n[1,2]\n{\"b\":1,\"a\":{}}\n");
  check (fixture, "{\"items\": [\"x\"]}", "\"x\"\n");
}

static void
test_product (Fixture       *fixture,
              gconstpointer  data)
{
  write_file (fixture, "p1", "", 0);
  write_file (fixture, "-p2", "", 0);
  check (fixture, "{\"product\":{\"a\":[1,\"x\"],\"b\":{\"range\":[0,2]}}}",
         "{\"a\":1,\"b\":0}\n{\"a\":1,\"b\":1}\n{\"a\":\"x\",\"b\":0}\n{\"a\":\"x\",\"b\":1}\n");
  check (fixture, "{\"product\":{\"q\\\"\":[null]}}", "{\"q\\\"\":null}\n");
  check (fixture, "{\"product\":{\"a\":[1,2],\"b\":[]}}", "");
  check (fixture, "{\"product\":{\"a\":[1],\"f\":{\"glob\":\"*p?\"},\"g\":{\"files\":[\"p1\"]}}}",
         "{\"a\":1,\"f\":\"./-p2\",\"g\":\"p1\"}\n{\"a\":1,\"f\":\"p1\",\"g\":\"p1\"}\n");
  check (fixture, "{\"product\":{\"a\":[1],\"b c\":{\"glob\":\"none*\"}}}",
         "!$.inputs.product[\"b c\"].glob: no file matches");
  check (fixture, "{\"product\":{\"a\":{\"range\":[9223372036854775807]},\"b\":[1,2]}}",
         "!more than 9223372036854775807 combinations");
  check (fixture, "{\"product\":{\"a\":{\"range\":[9223372036854775807]},\"b\":[],"
         "\"c\":{\"range\":[9223372036854775807]}}}", "");
}

static void
test_arguments (Fixture       *fixture,
                gconstpointer  data)
{
  check (fixture, "{\"arguments\":[[\"-a\",\"b \\\"c\",\"\",{\"base64\":\"/w==\"}]]}",
         "\"-a\"\n\"b \\\"c\"\n\"\"\nbytes \xff\n");
  check (fixture, "{\"arguments\":[[\"a\",\"b\"],[\"1\",\"2\"]]}",
         "[\"a\",\"1\"]\n[\"a\",\"2\"]\n[\"b\",\"1\"]\n[\"b\",\"2\"]\n");
  check (fixture, "{\"arguments\":[[]]}", "");
  check (fixture, "{\"arguments\":[[\"a\"],[]]}", "");
  check (fixture, "{\"arguments\":[[\"a\"],[\"b\",{\"base64\":\"/w==\"}]]}",
         "!$.inputs.arguments[1]: \"\xef\xbf\xbd\" is not UTF-8");
}

static void
test_files (Fixture       *fixture,
            gconstpointer  data)
{
  g_autofree char *absolute = NULL;

  write_file (fixture, "b", "", 0);
  write_file (fixture, "-x", "", 0);
  write_file (fixture, "sub/a", "", 0);
  check (fixture, "{\"files\":[\"b\",\"-x\",\"./b\",\"sub/a\",\"b\",\"sub\"]}",
         "\"b\"\n\"./-x\"\n\"./b\"\n\"sub/a\"\n\"b\"\n\"sub\"\n");
  check (fixture, "{\"files\":[]}", "");
  check (fixture, "{\"files\":[\"b\",\"gone\"]}", "!$.inputs.files[1]: \"gone\": No such file");
  absolute = g_strdup_printf ("{\"files\":[\"%s/b\"]}", fixture->folder);
  {
    g_autofree char *expected = g_strdup_printf ("\"%s/b\"\n", fixture->folder);

    check (fixture, absolute, expected);
  }
}

static void
test_glob_match (void)
{
  static const struct { const char *pattern, *name; gboolean matches; } cases[] = {
    { "*", "a", TRUE }, { "*", "", TRUE }, { "*", ".a", FALSE }, { ".*", ".a", TRUE },
    { "?a", ".a", FALSE }, { "[.]a", ".a", FALSE }, { "\\.a", ".a", TRUE },
    { "*.txt", "a.txt", TRUE }, { "*.txt", "a.txt.bak", FALSE }, { "a*b*c", "aXbXbc", TRUE },
    { "a*b*c", "aXbXb", FALSE }, { "***a", "ba", TRUE }, { "a?c", "abc", TRUE }, { "a?c", "ac", FALSE },
    { "?", "\xc3\xa9", TRUE }, { "??", "\xc3\xa9", FALSE }, { "?", "\xff", TRUE }, { "a\xff", "a\xff", TRUE },
    { "[a-c]", "b", TRUE }, { "[a-c]", "d", FALSE }, { "[!a-c]", "d", TRUE }, { "[^a-c]", "b", FALSE },
    { "[]a]", "]", TRUE }, { "[!]a]", "]", FALSE }, { "[a-]", "-", TRUE }, { "[-a]", "-", TRUE },
    { "[\xc3\xa0-\xc3\xaf]", "\xc3\xa9", TRUE }, { "[\\]]", "]", TRUE }, { "[a", "[a", TRUE },
    { "\\*", "*", TRUE }, { "\\*", "a", FALSE }, { "a\\", "a\\", TRUE },
    { "[A-Z]", "b", FALSE }, { "a", "A", FALSE }, { "", "", TRUE }, { "", "a", FALSE },
    { "*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    if (gm_glob_match (cases[i].pattern, cases[i].name) != cases[i].matches)
      g_error ("%s and %s", cases[i].pattern, cases[i].name);
}

static void
make_link (Fixture    *fixture,
           const char *target,
           const char *name)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

  g_assert_cmpint (symlink (target, path), ==, 0);
}

static void
test_glob (Fixture       *fixture,
           gconstpointer  data)
{
  static const char *files[] = {
    "b.txt", "a.txt", "B.txt", "-d.txt", ".hidden.txt", "sub/a.txt", "sub/deep/x.txt", "sub/.h/y.txt",
    "other/a.txt", "we[i]rd.txt",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    write_file (fixture, files[i], "", 0);
  make_link (fixture, "a.txt", "link.txt");
  make_link (fixture, "sub", "linked");
  make_link (fixture, "..", "sub/up");
  make_link (fixture, "nowhere", "broken.txt");

  check (fixture, "{\"glob\":\"*.txt\"}",
         "\"./-d.txt\"\n\"B.txt\"\n\"a.txt\"\n\"b.txt\"\n\"link.txt\"\n\"we[i]rd.txt\"\n");
  check (fixture, "{\"glob\":[\"[ab].txt\",\"a*\",\"sub/*.txt\"]}",
         "\"a.txt\"\n\"b.txt\"\n\"sub/a.txt\"\n");
  check (fixture, "{\"glob\":\"**/a.txt\"}", "\"a.txt\"\n\"other/a.txt\"\n\"sub/a.txt\"\n");
  check (fixture, "{\"glob\":\"**/x.txt\"}", "\"sub/deep/x.txt\"\n");
  check (fixture, "{\"glob\":\"sub/**\"}", "\"sub/a.txt\"\n\"sub/deep/x.txt\"\n");
  check (fixture, "{\"glob\":\"sub/**/**/*.txt\"}", "\"sub/a.txt\"\n\"sub/deep/x.txt\"\n");
  check (fixture, "{\"glob\":\"**/.h/*\"}", "\"sub/.h/y.txt\"\n");
  check (fixture, "{\"glob\":\".*\"}", "\".hidden.txt\"\n");
  check (fixture, "{\"glob\":\"*/\"}", "\"linked/\"\n\"other/\"\n\"sub/\"\n");
  check (fixture, "{\"glob\":\"**/\"}", "\"other/\"\n\"sub/\"\n\"sub/deep/\"\n");
  check (fixture, "{\"glob\":\"./a.*\"}", "\"./a.txt\"\n");
  check (fixture, "{\"glob\":\"sub/../a.txt\"}", "\"sub/../a.txt\"\n");
  check (fixture, "{\"glob\":\"linked/a.txt\"}", "\"linked/a.txt\"\n");
  check (fixture, "{\"glob\":\"we\\\\[i]rd.txt\"}", "\"we[i]rd.txt\"\n");
  check (fixture, "{\"glob\":\"*.png\"}", "!$.inputs.glob: no file matches \"*.png\"");
  check (fixture, "{\"glob\":\"sub\"}", "!no file matches");
  check (fixture, "{\"glob\":\"broken.txt\"}", "!no file matches");
}

/* A folder that one may pass through, not list, as the homes of others often are. */
static void
test_glob_unlisted (Fixture       *fixture,
                    gconstpointer  data)
{
  g_autofree char *unlisted = g_build_filename (fixture->folder, "unlisted", NULL);
  g_autofree char *below = g_build_filename (unlisted, "below", NULL);
  const uid_t somebody = 65534;
  gboolean root = geteuid () == 0;

  write_file (fixture, "unlisted/a.txt", "", 0);
  write_file (fixture, "unlisted/below/b.txt", "", 0);
  g_assert_cmpint (g_chmod (fixture->folder, 0755), ==, 0);
  g_assert_cmpint (g_chmod (below, 0755), ==, 0);
  g_assert_cmpint (g_chmod (unlisted, 0111), ==, 0);
  if (root)
    g_assert_cmpint (seteuid (somebody), ==, 0);

  check (fixture, "{\"glob\":\"unlisted/a.txt\"}", "\"unlisted/a.txt\"\n");
  check (fixture, "{\"glob\":\"unl*/below/*\"}", "\"unlisted/below/b.txt\"\n");
  check (fixture, "{\"glob\":\"unlisted/*\"}", "!no file matches");

  if (root)
    g_assert_cmpint (seteuid (0), ==, 0);
}

static void
test_glob_absolute (Fixture       *fixture,
                    gconstpointer  data)
{
  g_autofree char *json = g_strdup_printf ("{\"glob\":\"%s/*\"}", fixture->folder);
  g_autofree char *expected = g_strdup_printf ("\"%s/x\"\nbytes %s/y\xff\n", fixture->folder,
                                               fixture->folder);

  write_file (fixture, "x", "", 0);
  write_file (fixture, "y\xff", "", 0);
  check (fixture, json, expected);
  check (fixture, "{\"glob\":\"y*\"}", "bytes y\xff\n");
  check (fixture, "{\"product\":{\"a\":{\"glob\":\"y*\"}}}", "!is not UTF-8 and can't be part");
}

/* A run writes absolute patterns; read again elsewhere they give the same items. */
static void
test_glob_resolved (Fixture       *fixture,
                    gconstpointer  data)
{
  g_autofree char *inner = g_build_filename (fixture->folder, "we[i]*rd", NULL);
  Fixture strange = { inner };
  g_autoptr(GmJob) job = NULL;
  g_autofree char *json = NULL;
  g_autoptr(GmJob) again = NULL;
  g_autoptr(GmInputs) inputs = NULL;
  g_autofree char *got = NULL;
  g_autoptr(GError) error = NULL;

  write_file (&strange, "sub/-x", "", 0);
  write_file (&strange, "-y", "", 0);
  job = job_new (&strange, "{\"glob\":[\"*/*\",\"-*\"]}");
  json = gm_job_to_json_resolved (job, FALSE);
  again = gm_job_new_from_data (json, strlen (json), "job.json", "/elsewhere", &error);
  g_assert_no_error (error);
  inputs = gm_inputs_open (again, -1, &error);
  g_assert_no_error (error);
  got = read_all (inputs);
  g_assert_cmpstr (got, ==, "\"./-y\"\n\"sub/-x\"\n");
}

static void
test_lines (Fixture       *fixture,
            gconstpointer  data)
{
  write_file (fixture, "plain", "a\n\nb c\n", -1);
  write_file (fixture, "unfinished", "a\nb", -1);
  write_file (fixture, "crlf", "a\r\nb\rc\r\n\r\nd\r", -1);
  write_file (fixture, "empty", "", 0);
  write_file (fixture, "one", "\n", -1);
  write_file (fixture, "odd", "\xef\xbb\xbf" "bom\n\"q\\\"\t\n\xff\xfe\nx\0y\nz\n", 22);
  write_file (fixture, "nul", "a\nb\0\0c\r\n\0d", 10);

  check (fixture, "{\"lines\":\"plain\"}", "\"a\"\n\"\"\n\"b c\"\n");
  check (fixture, "{\"lines\":\"unfinished\"}", "\"a\"\n\"b\"\n");
  check (fixture, "{\"lines\":\"crlf\"}", "\"a\"\n\"b\\rc\"\n\"\"\n\"d\\r\"\n");
  check (fixture, "{\"lines\":\"empty\"}", "");
  check (fixture, "{\"lines\":\"one\",\"separator\":\"\\n\"}", "\"\"\n");
  check (fixture, "{\"lines\":\"odd\"}",
         "\"\xef\xbb\xbf" "bom\"\n\"\\\"q\\\\\\\"\\t\"\nbytes \xff\xfe\n"
         "bad odd:4: a NUL byte in the line (is \"separator\" \"NUL\" meant?)\n\"z\"\n");
  check (fixture, "{\"lines\":\"nul\",\"separator\":\"NUL\"}",
         "\"a\\nb\"\n\"\"\n\"c\\r\\n\"\n\"d\"\n");
  check (fixture, "{\"lines\":\"gone\"}", "!$.inputs.lines: can't open ");
  check (fixture, "{\"lines\":\".\"}", "!is a folder");
}

static void
test_long_lines (Fixture       *fixture,
                 gconstpointer  data)
{
  g_autoptr(GString) text = g_string_new ("short\n");
  g_autoptr(GmJob) job = job_new (fixture, "{\"lines\":\"long\"}");
  g_autoptr(GmInputs) inputs = NULL;
  gsize sizes[] = { 262143, 262144, 262145, 1000000, 16 * 1024 * 1024 };
  GmItem item;

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      gsize start = text->len;

      g_string_set_size (text, start + sizes[i]);
      memset (text->str + start, 'x', sizes[i]);
      g_string_append_c (text, '\n');
    }
  g_string_set_size (text, text->len + 20 * 1024 * 1024);
  memset (text->str + text->len - 20 * 1024 * 1024, 'y', 20 * 1024 * 1024);
  g_string_append (text, "\nlast");
  write_file (fixture, "long", text->str, text->len);

  inputs = gm_inputs_open (job, -1, NULL);
  g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_ITEM);
  g_assert_cmpstr (item.data, ==, "\"short\"");
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_ITEM);
      g_assert_cmpint (item.kind, ==, GM_ITEM_JSON);
      g_assert_cmpuint (item.size, ==, sizes[i] + 2);
    }
  g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_ITEM);
  g_assert_cmpint (item.kind, ==, GM_ITEM_BAD);
  g_assert_nonnull (strstr (item.data, "long:7: the line is too long"));
  g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_ITEM);
  g_assert_cmpstr (item.data, ==, "\"last\"");
  g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_END);
  g_assert_cmpint (gm_inputs_get_total (inputs), ==, 8);
}

static void
test_jsonl (Fixture       *fixture,
            gconstpointer  data)
{
  write_file (fixture, "a.jsonl", "{\"a\": 1.0}\r\n 2 \n\n \t\n[1,]\n\"x\ny\"\n{\"a\":1,\"a\":2}\nnull", -1);
  write_file (fixture, "b.jsonl", "\xef\xbb\xbf" "1\n", -1);
  check (fixture, "{\"jsonl\":\"a.jsonl\"}",
         "{\"a\":1.0}\n2\n"
         "bad a.jsonl:5: column 4: expected a value, got \"]\"\n"
         "bad a.jsonl:6: column 3: the string is not closed\n"
         "bad a.jsonl:7: column 1: expected a value, got \"y\"\n"
         "bad a.jsonl:8: column 8: the key \"a\" is there twice\n"
         "null\n");
  check (fixture, "{\"jsonl\":\"b.jsonl\"}",
         "bad b.jsonl:1: column 1: expected a value, got a byte order mark: save it as UTF-8 "
         "without one\n");
}

static void
test_csv (Fixture       *fixture,
          gconstpointer  data)
{
  write_file (fixture, "a.csv", "\xef\xbb\xbfname,\"w,h\",n\r\n"
              "a,1,\"x \"\"y\"\"\"\r\n"
              "\"multi\nline\r\n\",,\"\"\r\n"
              "\n"
              " spaced , \"no\"\n"
              "short,1\n"
              "long,1,2,3\n"
              "a\"b,1,2\n"
              "\"a\"b,1,2\n"
              "\xff,1,2\n"
              "\xc3\xa9,,", -1);
  check (fixture, "{\"csv\":\"a.csv\"}",
         "{\"name\":\"a\",\"w,h\":\"1\",\"n\":\"x \\\"y\\\"\"}\n"
         "{\"name\":\"multi\\nline\\r\\n\",\"w,h\":\"\",\"n\":\"\"}\n"
         "bad a.csv:7: a quote inside a field that doesn't begin with one\n"
         "bad a.csv:8: expected 3 fields as in the heading, got 2\n"
         "bad a.csv:9: expected 3 fields as in the heading, got 4\n"
         "bad a.csv:10: a quote inside a field that doesn't begin with one\n"
         "bad a.csv:11: text after the closing quote of a field\n"
         "bad a.csv:12: a field is not UTF-8\n"
         "{\"name\":\"\xc3\xa9\",\"w,h\":\"\",\"n\":\"\"}\n");
}

static void
test_csv_arrays (Fixture       *fixture,
                 gconstpointer  data)
{
  write_file (fixture, "a.csv", "\xef\xbb\xbf\"a\",1\n\nb\nc,,\r\n,\n\"\"\n", -1);
  write_file (fixture, "one.csv", "x\n\n\"\"\r\n\r\ny", -1);
  write_file (fixture, "open.csv", "a,b\n1,2\n3,\"4\n5,6\n", -1);
  write_file (fixture, "nul.csv", "a,b\0c\nd,e\n", 10);
  check (fixture, "{\"csv\":\"a.csv\",\"header\":false}",
         "[\"a\",\"1\"]\n[\"b\"]\n[\"c\",\"\",\"\"]\n[\"\",\"\"]\n[\"\"]\n");
  check (fixture, "{\"csv\":\"one.csv\",\"header\":false}",
         "[\"x\"]\n[\"\"]\n[\"\"]\n[\"\"]\n[\"y\"]\n");
  check (fixture, "{\"csv\":\"one.csv\",\"header\":true}",
         "{\"x\":\"\"}\n{\"x\":\"\"}\n{\"x\":\"\"}\n{\"x\":\"y\"}\n");
  check (fixture, "{\"csv\":\"open.csv\"}",
         "{\"a\":\"1\",\"b\":\"2\"}\nbad open.csv:3: a quote is not closed\n");
  check (fixture, "{\"csv\":\"nul.csv\",\"header\":false}",
         "bad nul.csv:1: a NUL byte in a field\n[\"d\",\"e\"]\n");
}

static void
test_csv_headings (Fixture       *fixture,
                   gconstpointer  data)
{
  write_file (fixture, "empty.csv", "", 0);
  write_file (fixture, "only.csv", "a,b\n", -1);
  write_file (fixture, "twice.csv", "\n\na,b,a\n", -1);
  write_file (fixture, "bad.csv", "a,\"b\n", -1);
  check (fixture, "{\"csv\":\"empty.csv\"}", "");
  check (fixture, "{\"csv\":\"only.csv\"}", "");
  check (fixture, "{\"csv\":\"twice.csv\"}", "!twice.csv:3: the column \"a\" is there twice");
  check (fixture, "{\"csv\":\"bad.csv\"}", "!bad.csv:1: a quote is not closed");
  check (fixture, "{\"csv\":\"gone.csv\"}", "!$.inputs.csv: can't open");
}

/* The heading of a file is known before anything runs. */
static void
test_csv_names (Fixture       *fixture,
                gconstpointer  data)
{
  static const char text[] = "{\"mpjob\":1,\"task\":{\"command\":[\"x\",\n\"{b}\"]},"
                             "\"inputs\":{\"csv\":\"a.csv\"}}";
  g_autoptr(GError) error = NULL;
  g_autoptr(GmJob) job = gm_job_new_from_data (text, strlen (text), "t.mpjob", fixture->folder, &error);
  g_autoptr(GmInvoker) invoker = gm_invoker_new (job, &error);

  g_assert_no_error (error);
  write_file (fixture, "a.csv", "a,b\n", -1);
  {
    g_autoptr(GmInputs) inputs = gm_inputs_open (job, -1, NULL);

    g_assert_true (gm_invoker_check (invoker, inputs, &error));
  }
  write_file (fixture, "a.csv", "a,c\n", -1);
  {
    g_autoptr(GmInputs) inputs = gm_inputs_open (job, -1, NULL);

    g_assert_false (gm_invoker_check (invoker, inputs, &error));
    g_assert_cmpstr (error->message, ==, "t.mpjob:2: $.task.command[1]: the items have no member for "
                     "{b}; write {{b}} for a literal brace");
  }
}

/* A pipe gives what it has, and says when it has nothing yet. */
static void
test_pipe (Fixture       *fixture,
           gconstpointer  data)
{
  static const char * const kinds[] = { "lines", "csv", "jsonl" };
  static const char * const parts[] = { "\"a", "b\"\n\"c\"\n\"d", "\"\n" };
  static const char * const expected[][2] = {
    { "\"\\\"ab\\\"\"", "\"\\\"d\\\"\"" }, { "[\"ab\"]", "[\"d\"]" }, { "\"ab\"", "\"d\"" }
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"%s\":\"-\"%s}", kinds[i],
                                               i == 1 ? ",\"header\":false" : "");
      g_autoptr(GmJob) job = job_new (fixture, json);
      g_autoptr(GmInputs) inputs = NULL;
      GmItem item;
      int fds[2];

      g_assert_cmpint (pipe2 (fds, O_CLOEXEC), ==, 0);
      inputs = gm_inputs_open (job, fds[0], NULL);
      g_assert_cmpint (gm_inputs_get_fd (inputs), ==, fds[0]);
      g_assert_false (gm_inputs_can_reopen (inputs));
      g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_WAIT);
      g_assert_cmpint (write (fds[1], parts[0], strlen (parts[0])), ==, strlen (parts[0]));
      g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_WAIT);
      g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_WAIT);
      g_assert_cmpint (write (fds[1], parts[1], strlen (parts[1])), ==, strlen (parts[1]));
      g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_ITEM);
      g_assert_cmpstr (item.data, ==, expected[i][0]);
      g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_ITEM);
      g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_WAIT);
      g_assert_cmpint (gm_inputs_get_total (inputs), ==, -1);
      g_assert_cmpint (write (fds[1], parts[2], strlen (parts[2])), ==, strlen (parts[2]));
      g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_ITEM);
      g_assert_cmpstr (item.data, ==, expected[i][1]);
      g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_WAIT);
      close (fds[1]);
      g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_END);
      g_assert_cmpint (gm_inputs_get_total (inputs), ==, 3);
      close (fds[0]);
    }
}

/* Opening a named pipe doesn't wait for who writes to it. */
static void
test_fifo (Fixture       *fixture,
           gconstpointer  data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "fifo", NULL);
  g_autoptr(GmJob) job = job_new (fixture, "{\"csv\":\"fifo\"}");
  g_autoptr(GmInputs) inputs = NULL;
  g_autoptr(GError) error = NULL;
  GmItem item;
  int fd;

  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  inputs = gm_inputs_open (job, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_WAIT);
  fd = open (path, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_WAIT);
  g_assert_cmpint (write (fd, "a,b\n1", 5), ==, 5);
  g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_WAIT);
  g_assert_cmpint (write (fd, ",2", 2), ==, 2);
  close (fd);
  g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_ITEM);
  g_assert_cmpstr (item.data, ==, "{\"a\":\"1\",\"b\":\"2\"}");
  g_assert_cmpint (gm_inputs_next (inputs, &item, NULL), ==, GM_INPUTS_END);
}

static void
test_read_error (Fixture       *fixture,
                 gconstpointer  data)
{
  g_autoptr(GmJob) job = job_new (fixture, "{\"lines\":\"-\"}");
  int fd = open (fixture->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr(GmInputs) inputs = gm_inputs_open (job, fd, NULL);
  g_autoptr(GError) error = NULL;
  GmItem item;

  g_assert_cmpint (gm_inputs_next (inputs, &item, &error), ==, GM_INPUTS_ERROR);
  g_assert_nonnull (error);
  g_assert_true (g_str_has_prefix (error->message, "standard input: reading failed: "));
  close (fd);
}

#define ADD(name, func) g_test_add ("/inputs/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("range", test_range);
  g_test_add_func ("/inputs/long-range", test_long_range);
  ADD ("items", test_items);
  ADD ("product", test_product);
  ADD ("arguments", test_arguments);
  ADD ("files", test_files);
  g_test_add_func ("/inputs/glob-match", test_glob_match);
  ADD ("glob", test_glob);
  ADD ("glob-unlisted", test_glob_unlisted);
  ADD ("glob-absolute", test_glob_absolute);
  ADD ("glob-resolved", test_glob_resolved);
  ADD ("lines", test_lines);
  ADD ("long-lines", test_long_lines);
  ADD ("jsonl", test_jsonl);
  ADD ("csv", test_csv);
  ADD ("csv-arrays", test_csv_arrays);
  ADD ("csv-headings", test_csv_headings);
  ADD ("csv-names", test_csv_names);
  ADD ("pipe", test_pipe);
  ADD ("fifo", test_fifo);
  ADD ("read-error", test_read_error);

  return g_test_run ();
}
